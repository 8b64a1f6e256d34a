// See tiny_teacher.h.
#include "tests/teacher/tiny_teacher.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "data/base/file.h"
#include "data/stages/artefact.h"
#include "data/stages/record_id.h"
#include "tests/support/byte_tokenizer.h"
#include "tests/support/status_matchers.h"
#include "tests/support/tiny_models.h"

namespace limbeck {

ModelInput MakeTinyTeacher(uint64_t seed) {
  ModelInput teacher;
  teacher.model =
      std::make_shared<const Model>(FreshModel(TinyTeacherConfig(), seed));
  teacher.tokenizer = MakeByteTokenizer();
  teacher.identity.set_name("tiny");
  teacher.identity.set_revision(absl::StrCat("seed ", seed));
  teacher.identity.set_tokenizer_fingerprint(teacher.tokenizer->fingerprint());
  return teacher;
}

std::vector<Problem> MakeProblems(int count) {
  std::vector<Problem> problems;
  for (int i = 0; i < count; ++i) {
    Problem& problem = problems.emplace_back();
    Message& message = *problem.add_messages();
    message.set_role(ROLE_USER);
    message.set_content(absl::StrCat(
        std::string(static_cast<size_t>(i % 5), 'x'), "What is ", i, " + 1?"));
    problem.set_gold_answer(absl::StrCat(i + 1));
    problem.set_reference_solution(absl::StrCat(i, " + 1 = ", i + 1));
    problem.set_answer_kind(ANSWER_KIND_INTEGER);
    problem.set_id(ProblemId(problem));
  }
  return problems;
}

SampleRequest MakeRequest(const Problem& problem, int sample_index,
                          int max_tokens) {
  SampleRequest request;
  request.problem = problem;
  request.sampling.set_temperature(1.0);
  request.sampling.set_top_p(0.95);
  request.sampling.set_max_tokens(max_tokens);
  request.sampling.set_seed(11);
  request.sampling.set_sample_index(sample_index);
  request.sampling.set_exact(true);
  return request;
}

std::string Describe(const SampleResult& result) {
  std::string text = absl::StrCat(
      result.status.ToString(), " ", FinishReason_Name(result.finish_reason),
      " v", result.weights_version, "\n", result.text, "\n",
      absl::StrJoin(result.prompt_ids, " "), "\n",
      absl::StrJoin(result.output_ids, " "), "\n");
  for (size_t i = 0; i < result.output_logprobs.size(); ++i) {
    absl::StrAppendFormat(&text, "%a %a\n",
                          static_cast<double>(result.output_logprobs[i]),
                          static_cast<double>(result.sampling_logprobs[i]));
  }
  for (const TeacherSignal& signal : result.signals) {
    absl::StrAppend(&text, signal.SerializeAsString());
  }
  return text;
}

StageInput WriteProblems(const std::vector<Problem>& problems,
                         int num_partitions, const std::string& directory) {
  StageRun run;
  run.identity.name = "problems";
  run.identity.kind = "ingest";
  run.directory = directory;
  LIMBECK_EXPECT_OK(MakeDirectories(directory));
  LIMBECK_EXPECT_OK(MapPartitions(
      run, num_partitions,
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        LIMBECK_RETURN_IF_ERROR(
            writer.Touch(kProblemsFile, *Problem::descriptor()));
        for (const Problem& problem : problems) {
          if (PartitionOf(problem.id(), num_partitions) != partition) continue;
          writer.CountIn();
          writer.CountOut();
          LIMBECK_RETURN_IF_ERROR(writer.Write(kProblemsFile, problem));
        }
        return absl::OkStatus();
      }));
  LIMBECK_EXPECT_OK(FinishArtefact(run, num_partitions));
  StageInput input;
  input.name = "problems";
  input.directory = directory;
  const absl::StatusOr<Manifest> manifest = ReadManifest(directory);
  LIMBECK_EXPECT_OK(manifest);
  input.content_digest = manifest->content_digest();
  return input;
}

}  // namespace limbeck
