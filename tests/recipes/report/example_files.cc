#include "tests/recipes/report/example_files.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/base/little_endian.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

Json Row(const std::string& name, double seconds) {
  Json row = Json::Object();
  row.Set("name", name)
      .Set("wall_seconds", seconds)
      .Set("cpu_seconds", 1.8 * seconds)
      .Set("gpu_seconds", 0.0)
      .Set("peak_memory_bytes", uint64_t{250'000'000})
      .Set("generated_tokens", static_cast<int64_t>(1000.0 * seconds))
      .Set("trained_tokens", 0)
      .Set("joules", 20.0 * seconds)
      .Set("money", 0.0001 * seconds);
  return row;
}

}  // namespace

std::string SafetensorsBytes(absl::string_view header) {
  std::string bytes;
  AppendLittleEndian<uint64_t>(header.size(), &bytes);
  return absl::StrCat(bytes, header);
}

absl::Status WriteExampleCheckpoint(const std::string& directory) {
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(directory));
  LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
      JoinPath(directory, "config.json"),
      "{\"model_type\":\"llama\",\"num_hidden_layers\":2,\"hidden_size\":8,"
      "\"num_attention_heads\":2,\"num_key_value_heads\":1,"
      "\"vocab_size\":16}"));
  return WriteFileAtomically(
      JoinPath(directory, "model.safetensors"),
      SafetensorsBytes("{\"__metadata__\":{\"format\":\"pt\"},"
                       "\"a\":{\"dtype\":\"F32\",\"shape\":[8,16],"
                       "\"data_offsets\":[0,0]},"
                       "\"b\":{\"dtype\":\"F32\",\"shape\":[16],"
                       "\"data_offsets\":[0,0]}}"));
}

std::string ExampleMetrics(double lowest) {
  std::string lines = "{\"step\":0,\"held_out_cross_entropy\":4.25}\n";
  for (int step = 1; step <= 200; ++step) {
    if (step == 77) {
      lines +=
          "{\"step\":77,\"loss\":null,\"tokens\":2000,\"loss_tokens\":1500,"
          "\"skipped\":true}\n";
      continue;
    }
    const double noise = 0.1 * std::sin(1.7 * step);
    absl::StrAppendFormat(
        &lines,
        "{\"step\":%d,\"loss\":%g,\"tokens\":2000,\"loss_tokens\":1500,"
        "\"skipped\":false}\n",
        step, lowest + (3.0 + noise) * std::exp(-0.02 * step));
    if (step % 50 == 0) {
      absl::StrAppendFormat(&lines,
                            "{\"step\":%d,\"held_out_cross_entropy\":%g}\n",
                            step, 1.0 + lowest + 2.0 * std::exp(-0.02 * step));
    }
  }
  return lines;
}

std::string ExampleScores(
    const std::vector<std::pair<std::string, int>>& right_of, int samples,
    const std::string& benchmark, const std::string& model) {
  Json problems = Json::Array();
  double sum = 0.0;
  for (const auto& [id, right] : right_of) {
    Json problem = Json::Object();
    problem.Set("problem_id", id).Set("correct", right).Set("samples", samples);
    problems.Push(std::move(problem));
    sum += static_cast<double>(right) / samples;
  }
  const double mean = sum / static_cast<double>(right_of.size());
  const auto interval = [&](double half) {
    return Json(
        JsonArray{std::max(0.0, mean - half), std::min(1.0, mean + half)});
  };
  Json by_k = Json::Object();
  by_k.Set("1", mean).Set(absl::StrCat(samples), std::min(1.0, 1.2 * mean));
  Json settings = Json::Object();
  settings.Set("confidence", 0.95)
      .Set("benchmark_name", benchmark)
      .Set("model", model)
      .Set("temperature", 0.6);
  Json json = Json::Object();
  json.Set("benchmark", benchmark)
      .Set("problems", static_cast<int64_t>(right_of.size()))
      .Set("samples_per_problem", samples)
      .Set("missing_samples", 0)
      .Set("pass_at_1", mean)
      .Set("pass_at_1_interval_exam", interval(0.02))
      .Set("pass_at_1_interval_population", interval(0.05))
      .Set("pass_at_k", by_k)
      .Set("cons_at_k", by_k)
      .Set("truncated_share", 0.03)
      .Set("no_answer_share", 0.01)
      .Set("per_problem", std::move(problems))
      .Set("refused_problems", Json::Array())
      .Set("settings", std::move(settings));
  return WriteJson(json);
}

std::string ExampleRefusal(
    const std::vector<std::pair<std::string, int>>& right_of) {
  Json refused = Json::Array();
  for (const auto& [id, right] : right_of) {
    Json problem = Json::Object();
    problem.Set("problem_id", id).Set("reason", "prompt too long");
    refused.Push(std::move(problem));
  }
  Json json = Json::Object();
  json.Set("benchmark", "test_problems")
      .Set("problems", 0)
      .Set("samples_per_problem", 8)
      .Set("pass_at_1", Json())
      .Set("pass_at_1_interval_exam", Json())
      .Set("pass_at_1_interval_population", Json())
      .Set("per_problem", Json::Array())
      .Set("refused_problems", std::move(refused));
  return WriteJson(json);
}

std::string ExampleComparison() {
  return R"({"comparisons":[
    {"benchmark":"test_problems","model_a":"distilled_scores",
     "model_b":"sft_scores","problems":48,"mean_a":0.6,"mean_b":0.4,
     "difference":0.204,"difference_interval":[0.151,0.257],"p_value":0.0002,
     "p_value_holm":0.0004,"wins":30,"losses":5,"ties":13,
     "smallest_detectable_difference":0.06},
    {"benchmark":"test_problems","model_a":"distilled_scores",
     "model_b":"teacher_scores","problems":48,"mean_a":0.6,"mean_b":0.62,
     "difference":-0.021,"difference_interval":[-0.061,0.019],"p_value":0.31,
     "p_value_holm":0.31,"wins":10,"losses":14,"ties":24,
     "smallest_detectable_difference":null},
    {"benchmark":"other","model_a":"distilled_scores","model_b":"sft_scores",
     "problems":0,"difference":null,"difference_interval":null,
     "p_value":null,"p_value_holm":null,"wins":0,"losses":0,"ties":0}]})";
}

std::string ExampleRunRecord() {
  const auto attempt = [](absl::string_view build) {
    return absl::StrCat(
        R"({"limbeck_version":"0.1.0","build_id":")", build,
        R"(","compiler":"Clang 14","host":"secret-host","processor":"Abacus 9",)",
        R"("cores":2,"libtorch_version":"2.11.0","instruction_set":"AVX2",)",
        R"("threads":1,"device":"cpu"})");
  };
  return absl::StrCat("{\"attempts\":[", attempt("aaaa0000aaaa0000"), ",",
                      attempt("bbbb1111bbbb1111"), "]}");
}

absl::Status WriteExampleLedger(
    const std::string& path,
    const std::vector<std::pair<std::string, std::string>>& artefacts,
    double slowness) {
  Json rows = Json::Array();
  double sum = 0.0;
  for (size_t i = 0; i < artefacts.size(); ++i) {
    const double seconds = slowness * static_cast<double>(1 + i * i);
    rows.Push(Row(artefacts[i].first, seconds));
    sum += seconds;
  }
  Json run = Json::Object();
  run.Set("rows", rows).Set("wall_seconds", 1.001 * sum);
  Json prices = Json::Object();
  prices.Set("cpu_hour", 0.05).Set("gpu_hour", 0.0);
  Json json = Json::Object();
  json.Set("currency", "EUR")
      .Set("prices", std::move(prices))
      .Set("total", Row("total", sum))
      .Set("rows", std::move(rows))
      .Set("this_run", std::move(run));
  return WriteFileAtomically(path, WriteJson(json));
}

}  // namespace limbeck
