#include "tests/data/stages/workbench.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/stages/record_id.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

void CollectFiles(const std::string& directory, const std::string& prefix,
                  std::vector<std::pair<std::string, std::string>>& files) {
  auto names = ListDirectory(directory);
  LIMBECK_ASSERT_OK(names);
  for (const std::string& name : *names) {
    const std::string path = JoinPath(directory, name);
    if (IsDirectory(path)) {
      CollectFiles(path, absl::StrCat(prefix, name, "/"), files);
      continue;
    }
    auto bytes = ReadFile(path);
    LIMBECK_ASSERT_OK(bytes);
    files.emplace_back(absl::StrCat(prefix, name), *bytes);
  }
}

template <typename Record>
void WriteRecords(const StageRun& run, const std::vector<Record>& records,
                  absl::string_view file, int partitions,
                  const std::function<std::string(const Record&)>& group) {
  LIMBECK_ASSERT_OK(MapPartitions(
      run, partitions,
      [&](int partition, PartitionWriter& writer) -> absl::Status {
        LIMBECK_RETURN_IF_ERROR(writer.Touch(file, *Record::descriptor()));
        for (const Record& record : records) {
          if (PartitionOf(group(record), partitions) != partition) continue;
          writer.CountIn();
          writer.CountOut();
          LIMBECK_RETURN_IF_ERROR(writer.Write(file, record));
        }
        return absl::OkStatus();
      }));
  LIMBECK_ASSERT_OK(FinishArtefact(run, partitions));
}

}  // namespace

Workbench::Workbench(int threads) : pool_(threads) {}

std::string Workbench::Directory(const std::string& name) const {
  return root_.File(name);
}

Artefact Workbench::Open(const std::string& name) const {
  auto artefact = Artefact::Open(Directory(name));
  EXPECT_THAT(artefact, IsOk());
  return *artefact;
}

StageInput Workbench::Input(const std::string& name) const {
  StageInput input;
  input.name = name;
  input.directory = Directory(name);
  input.content_digest = Open(name).manifest().content_digest();
  return input;
}

StageRun Workbench::MakeRun(const std::string& name, const std::string& kind,
                            const std::vector<std::string>& inputs,
                            uint64_t seed) {
  StageRun run;
  run.identity.name = name;
  run.identity.kind = kind;
  run.identity.seed = seed;
  run.directory = Directory(name);
  run.context.pool = &pool_;
  run.context.cancel = &cancel;
  for (const std::string& input : inputs) {
    run.inputs.push_back(Input(input));
    run.identity.parents.emplace_back(input, run.inputs.back().content_digest);
  }
  EXPECT_THAT(MakeDirectories(run.directory), IsOk());
  return run;
}

void Workbench::WriteProblems(const std::string& name,
                              std::vector<Problem> problems, int partitions) {
  std::sort(problems.begin(), problems.end(),
            [](const Problem& a, const Problem& b) { return a.id() < b.id(); });
  StageRun run = MakeRun(name, "given_problems", {});
  WriteRecords<Problem>(run, problems, kProblemsFile, partitions,
                        [](const Problem& problem) { return problem.id(); });
}

void Workbench::WriteTraces(const std::string& name, std::vector<Trace> traces,
                            int partitions) {
  std::sort(traces.begin(), traces.end(), [](const Trace& a, const Trace& b) {
    return std::tie(a.problem().id(), a.id()) <
           std::tie(b.problem().id(), b.id());
  });
  StageRun run = MakeRun(name, "given_traces", {});
  WriteRecords<Trace>(run, traces, kTracesFile, partitions,
                      [](const Trace& trace) { return trace.problem().id(); });
}

std::vector<std::pair<std::string, std::string>> Workbench::Files(
    const std::string& name) const {
  std::vector<std::pair<std::string, std::string>> files;
  CollectFiles(Directory(name), "", files);
  return files;
}

Problem MakeProblem(int number) {
  Problem problem;
  problem.set_domain(DOMAIN_MATH);
  Message* message = problem.add_messages();
  message->set_role(ROLE_USER);
  message->set_content(
      absl::StrCat("How many apples has number ", number, "?"));
  problem.set_gold_answer(absl::StrCat(number));
  problem.set_answer_kind(ANSWER_KIND_INTEGER);
  problem.mutable_source()->set_dataset("test");
  problem.mutable_source()->set_row(number);
  problem.set_id(ProblemId(problem));
  return problem;
}

Trace MakeTraceWithOutput(const Problem& problem, int sample,
                          const std::string& raw_output) {
  Trace trace;
  *trace.mutable_problem() = problem;
  trace.mutable_teacher()->set_name("teacher");
  trace.mutable_sampling()->set_sample_index(sample);
  trace.mutable_sampling()->set_max_tokens(100);
  trace.set_finish_reason(FINISH_REASON_STOP);
  trace.set_raw_output(raw_output);
  trace.set_id(TraceId(trace));
  return trace;
}

Trace MakeTrace(const Problem& problem, int sample, const std::string& answer) {
  return MakeTraceWithOutput(
      problem, sample,
      absl::StrCat("try ", sample, "\n</think>\\boxed{", answer, "}"));
}

}  // namespace limbeck
