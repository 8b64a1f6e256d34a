#include "tests/recipes/report/example_run.h"

#include <cmath>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/stages/agreement.h"
#include "data/stages/artefact.h"
#include "data/stages/record_id.h"
#include "tests/recipes/report/example_files.h"
#include "tests/recipes/report/example_records.h"

namespace limbeck {
namespace {

constexpr int kNumTrainProblems = 30;

Recipe MakeRecipe(const std::string& workspace, const ExampleOptions& options) {
  Recipe recipe;
  recipe.set_name("example");
  recipe.set_seed(7);
  recipe.set_description(
      absl::StrCat("An artificial run: ", options.foreign_text));
  recipe.mutable_report()->set_title(
      absl::StrCat("Example ", options.foreign_text));
  recipe.mutable_report()->set_introduction("Nothing was trained here.");
  recipe.mutable_report()->set_traces_shown(4);
  for (const char* name : {"teacher", "base"}) {
    ModelEntry* model = recipe.add_models();
    model->set_name(name);
    model->set_path(JoinPath(workspace, absl::StrCat("given-", name)));
    model->set_licence("MIT");
  }
  return recipe;
}

Rejection MakeRejected(RejectionReason reason, double value, double threshold,
                       Trace trace) {
  Rejection rejection;
  rejection.set_reason(reason);
  rejection.set_value(value);
  rejection.set_threshold(threshold);
  *rejection.mutable_trace() = std::move(trace);
  return rejection;
}

// Writes the stages one after another, each in one partition.
class Example {
 public:
  Example(std::string workspace, const ExampleOptions& options)
      : workspace_(std::move(workspace)), options_(options) {
    request_.recipe = MakeRecipe(workspace_, options);
    request_.workspace = workspace_;
    request_.ledger_path = JoinPath(workspace_, "ledger.json");
    request_.output_path = JoinPath(workspace_, "report.html");
  }

  absl::StatusOr<ReportRequest> Write() {
    for (const ModelEntry& model : request_.recipe.models()) {
      LIMBECK_RETURN_IF_ERROR(WriteExampleCheckpoint(model.path()));
    }
    LIMBECK_RETURN_IF_ERROR(WriteProblems("train_problems", kNumTrainProblems));
    LIMBECK_RETURN_IF_ERROR(
        WriteProblems("test_problems", options_.num_test_problems));
    LIMBECK_RETURN_IF_ERROR(WriteTraces());
    LIMBECK_RETURN_IF_ERROR(WriteVerified());
    LIMBECK_RETURN_IF_ERROR(WriteFiltered());
    LIMBECK_RETURN_IF_ERROR(WriteTokens());
    LIMBECK_RETURN_IF_ERROR(WriteBins());
    LIMBECK_RETURN_IF_ERROR(WriteTraining("student_sft", false));
    LIMBECK_RETURN_IF_ERROR(WriteTraining("student_distilled", true));
    LIMBECK_RETURN_IF_ERROR(WriteScores("teacher_scores", "teacher", 9));
    LIMBECK_RETURN_IF_ERROR(
        WriteScores("distilled_scores", "student_distilled", 6));
    LIMBECK_RETURN_IF_ERROR(WriteScores("sft_scores", "student_sft", 4));
    for (const ExampleExam& exam : options_.exams) {
      LIMBECK_RETURN_IF_ERROR(WriteExam(exam, "teacher", 9));
      LIMBECK_RETURN_IF_ERROR(WriteExam(exam, "student_distilled", 6));
    }
    LIMBECK_RETURN_IF_ERROR(WriteComparison());
    if (options_.with_ledger) {
      LIMBECK_RETURN_IF_ERROR(WriteExampleLedger(
          request_.ledger_path, request_.artefacts, options_.slowness));
    }
    return request_;
  }

 private:
  using Body = std::function<absl::Status(PartitionWriter&)>;

  StageEntry& AddEntry(const std::string& name,
                       const std::vector<std::string>& inputs) {
    StageEntry& entry = *request_.recipe.add_stages();
    entry.set_name(name);
    for (const std::string& input : inputs) entry.add_inputs(input);
    return entry;
  }

  // Runs `body` as the only partition of a stage and finishes the artefact.
  absl::Status Stage(const std::string& name, const std::string& kind,
                     const std::string& unit, const Body& body) {
    StageRun run;
    run.identity.name = name;
    run.identity.kind = kind;
    run.identity.seed = 7;
    run.identity.options = absl::StrCat("example_option_of: \"", name, "\"");
    run.identity.parents = {{"file:problems.jsonl", Sha256Hex("problems")}};
    run.directory = JoinPath(workspace_, absl::StrCat(name, "-0123456789ab"));
    LIMBECK_RETURN_IF_ERROR(MakeDirectories(run.directory));
    LIMBECK_ASSIGN_OR_RETURN(const std::unique_ptr<PartitionWriter> writer,
                             PartitionWriter::Create(run, 0, 1));
    writer->set_unit(unit);
    writer->set_tokenizer_fingerprint(Sha256Hex("tokenizer"));
    LIMBECK_RETURN_IF_ERROR(body(*writer));
    LIMBECK_RETURN_IF_ERROR(writer->Commit());
    LIMBECK_RETURN_IF_ERROR(WriteFileAtomically(
        JoinPath(run.directory, "run.json"), ExampleRunRecord()));
    request_.artefacts.emplace_back(name, run.directory);
    return FinishArtefact(run, 1);
  }

  static absl::Status AddFile(PartitionWriter& writer, const std::string& name,
                              absl::string_view text) {
    LIMBECK_RETURN_IF_ERROR(
        WriteFileAtomically(JoinPath(writer.directory(), name), text));
    return writer.AddFile(name);
  }

  template <typename Record>
  static absl::Status Keep(PartitionWriter& writer, absl::string_view file,
                           const Record& record) {
    writer.CountIn();
    writer.CountOut();
    return writer.Write(file, record);
  }

  absl::Status WriteProblems(const std::string& name, int count) {
    AddEntry(name, {}).mutable_arithmetic_problems();
    return Stage(
        name, "arithmetic_problems", "problems",
        [&](PartitionWriter& writer) -> absl::Status {
          for (int i = 0; i < count; ++i) {
            LIMBECK_RETURN_IF_ERROR(
                Keep(writer, kProblemsFile, MakeExampleProblem(i, options_)));
          }
          return absl::OkStatus();
        });
  }

  absl::Status WriteTraces() {
    AddEntry("traces", {"train_problems", "teacher"}).mutable_generate();
    for (int i = 0; i < kNumTrainProblems; ++i) {
      const Problem problem = MakeExampleProblem(i, options_);
      for (int sample = 0; sample < 2; ++sample) {
        traces_.push_back(
            MakeExampleTrace(problem, sample, (i + sample) % 4 != 0,
                             20 + 5 * (i % 7) + sample, options_));
      }
    }
    return WriteAll("traces", "generate");
  }

  absl::Status WriteAll(const std::string& name, const std::string& kind) {
    return Stage(name, kind, "traces",
                 [&](PartitionWriter& writer) -> absl::Status {
                   for (const Trace& trace : traces_) {
                     LIMBECK_RETURN_IF_ERROR(Keep(writer, kTracesFile, trace));
                   }
                   return absl::OkStatus();
                 });
  }

  absl::Status WriteVerified() {
    AddEntry("verified", {"traces"})
        .mutable_verify()
        ->set_compare_with("published_label");
    AgreementTable table;
    table.compared_with = "published_label";
    table.traces[1][1] = 41;
    table.traces[2][2] = 17;
    table.traces[1][2] = 2;
    Disagreement one;
    one.problem_id = ToHex(traces_[0].problem().id());
    one.teacher = "recorded teacher";
    one.dataset = "gsm8k";
    one.row = 3;
    one.label = "correct";
    one.verdict = "wrong";
    one.extracted = options_.foreign_text;
    one.gold = "18";
    table.disagreements = {one, one};
    return Stage("verified", "verify", "traces",
                 [&](PartitionWriter& writer) -> absl::Status {
                   for (const Trace& trace : traces_) {
                     LIMBECK_RETURN_IF_ERROR(Keep(writer, kTracesFile, trace));
                   }
                   return AddFile(writer, std::string(kAgreementFile),
                                  WriteJson(AgreementToJson(table)));
                 });
  }

  absl::Status WriteFiltered() {
    AddEntry("filtered", {"verified"}).mutable_filter();
    std::vector<Trace> kept;
    const absl::Status status =
        Stage("filtered", "filter", "traces",
              [&](PartitionWriter& writer) -> absl::Status {
                for (const Trace& trace : traces_) {
                  const bool wrong =
                      trace.verifications(0).verdict() != VERDICT_CORRECT;
                  const bool is_long = trace.output_ids_size() > 50;
                  if (!wrong && !is_long) {
                    LIMBECK_RETURN_IF_ERROR(Keep(writer, kTracesFile, trace));
                    kept.push_back(trace);
                    continue;
                  }
                  writer.CountIn();
                  Rejection rejection =
                      MakeRejected(wrong ? REJECTION_REASON_WRONG_ANSWER
                                         : REJECTION_REASON_TOO_LONG,
                                   wrong ? 0.0 : trace.output_ids_size(),
                                   wrong ? 1.0 : 50.0, trace);
                  rejection.set_detail(options_.foreign_text);
                  rejection.mutable_span()->set_begin(9);
                  rejection.mutable_span()->set_end(14);
                  LIMBECK_RETURN_IF_ERROR(writer.Reject(std::move(rejection)));
                }
                return absl::OkStatus();
              });
    traces_ = std::move(kept);
    return status;
  }

  absl::Status WriteTokens() {
    AddEntry("trace_tokens", {"filtered", "base"}).mutable_tokenize();
    return Stage(
        "trace_tokens", "tokenize", "samples",
        [&](PartitionWriter& writer) -> absl::Status {
          for (const Trace& trace : traces_) {
            TokenizedSample sample;
            for (int i = 0; i < trace.output_ids_size() + 10; ++i) {
              sample.add_ids(5);
            }
            sample.set_output_start(10);
            LIMBECK_RETURN_IF_ERROR(Keep(writer, kSamplesFile, sample));
          }
          return absl::OkStatus();
        });
  }

  absl::Status WriteBins() {
    AddEntry("trace_bins", {"trace_tokens"}).mutable_pack();
    return Stage("trace_bins", "pack", "samples",
                 [&](PartitionWriter& writer) -> absl::Status {
                   PackedBin bin;
                   for (size_t i = 0; i < traces_.size(); ++i)
                     bin.add_sequences();
                   writer.CountIn(traces_.size());
                   writer.CountOut(traces_.size());
                   LIMBECK_RETURN_IF_ERROR(writer.Write(kBinsFile, bin));
                   return AddFile(
                       writer, "packing.json",
                       "{\"bins\":1,\"bin_tokens\":2048,\"sequences\":41,"
                       "\"tokens\":1900,\"loss_tokens\":1500,\"fill\":0.93}");
                 });
  }

  absl::Status WriteTraining(const std::string& name, bool distilled) {
    TrainOptions& train =
        *AddEntry(name, {"trace_bins", "base"}).mutable_train();
    train.mutable_objective()->set_divergence(
        ObjectiveOptions::DIVERGENCE_FORWARD_KL);
    train.mutable_objective()->set_kind(
        distilled ? ObjectiveOptions::KIND_TOPK_DISTILLATION
                  : ObjectiveOptions::KIND_CROSS_ENTROPY);
    return Stage(
        name, "train", "bins", [&](PartitionWriter& writer) -> absl::Status {
          writer.CountIn();
          writer.CountOut();
          LIMBECK_RETURN_IF_ERROR(WriteExampleCheckpoint(
              JoinPath(writer.directory(), std::string(kCheckpointFolder))));
          LIMBECK_RETURN_IF_ERROR(
              writer.AddFolder(std::string(kCheckpointFolder)));
          return AddFile(writer, "metrics.jsonl",
                         ExampleMetrics(distilled ? 0.4 : 1.0));
        });
  }

  // `strength` of ten samples are right on average.
  absl::Status WriteScores(const std::string& name, const std::string& model,
                           int strength) {
    AddEntry(name, {"test_problems", model})
        .mutable_evaluate()
        ->set_note(absl::StrCat("note ", options_.foreign_text));
    std::vector<std::pair<std::string, int>> right_of;
    return Stage(
        name, "evaluate", "samples",
        [&](PartitionWriter& writer) -> absl::Status {
          for (int i = 0; i < options_.num_test_problems; ++i) {
            const Problem problem = MakeExampleProblem(i, options_);
            int right = 0;
            for (int s = 0; s < options_.samples_per_problem; ++s) {
              const bool is_right = (7 * i + 3 * s + i * s) % 10 < strength;
              right += is_right ? 1 : 0;
              LIMBECK_RETURN_IF_ERROR(
                  Keep(writer, kTracesFile,
                       MakeExampleTrace(problem, s, is_right,
                                        16 + 3 * (i % 11) + s, options_)));
            }
            right_of.emplace_back(ToHex(problem.id()), right);
          }
          return AddFile(
              writer, "scores.json",
              options_.refuse_all
                  ? ExampleRefusal(right_of)
                  : ExampleScores(right_of, options_.samples_per_problem,
                                  "test_problems", model));
        });
  }

  Problem MakeExamProblem(int number, const ExampleExam& exam) const {
    Problem problem = MakeExampleProblem(1000 + number, options_);
    problem.mutable_source()->set_dataset(exam.benchmark);
    problem.mutable_source()->set_record_id(
        absl::StrCat(exam.benchmark, "-", number + 1));
    return problem;
  }

  absl::Status WriteExam(const ExampleExam& exam, const std::string& model,
                         int strength) {
    const std::string name = absl::StrCat(model, "_", exam.benchmark);
    AddEntry(name, {"test_problems", model}).mutable_evaluate();
    std::vector<std::pair<std::string, int>> right_of;
    return Stage(
        name, "evaluate", "samples",
        [&](PartitionWriter& writer) -> absl::Status {
          for (int i = 0; i < exam.problems; ++i) {
            const Problem problem = MakeExamProblem(i, exam);
            int right = 0;
            for (int s = 0; s < exam.samples; ++s) {
              const Trace trace =
                  MakeExampleExamTrace(problem, i, s, exam, strength, options_);
              right += trace.verifications(0).verdict() == VERDICT_CORRECT;
              LIMBECK_RETURN_IF_ERROR(Keep(writer, kTracesFile, trace));
            }
            right_of.emplace_back(problem.source().record_id(), right);
          }
          return AddFile(
              writer, "scores.json",
              ExampleScores(right_of, exam.samples, exam.benchmark,
                            model == "teacher" ? "DeepSeek-R1-Distill-Qwen-7B"
                                               : "student_distilled"));
        });
  }

  absl::Status WriteComparison() {
    AddEntry("comparison", {"distilled_scores", "sft_scores", "teacher_scores"})
        .mutable_compare();
    return Stage("comparison", "compare", "comparisons",
                 [&](PartitionWriter& writer) -> absl::Status {
                   writer.CountIn(2);
                   writer.CountOut(2);
                   return AddFile(writer, "comparison.json",
                                  ExampleComparison());
                 });
  }

  const std::string workspace_;
  const ExampleOptions options_;
  ReportRequest request_;
  std::vector<Trace> traces_;
};

}  // namespace

ExampleOptions HostileOptions() {
  ExampleOptions options;
  options.foreign_text = absl::StrCat(
      "</pre></div><script>alert('hostile')</script>"
      "<img src=x onerror=alert(1)><style>body{display:none}</style>"
      "&lt;b&gt; \"quoted\" 'single' --> ]]> \xE2\x80\xAE bidi \xE2\x81\xA6 "
      "<a href=\"javascript:alert(2)\">x</a> ",
      std::string(3000, 'w'));
  options.foreign_bytes =
      absl::StrCat(std::string("\x00\x1b[31m\x7f\r", 8),
                   "\xFF\xFE\xC0\x80\xED\xA0\x80", std::string(500, '\n'));
  return options;
}

absl::StatusOr<ReportRequest> WriteExampleRun(const std::string& workspace,
                                              const ExampleOptions& options) {
  return Example(workspace, options).Write();
}

}  // namespace limbeck
