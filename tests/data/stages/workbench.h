// Runs stages in a temporary folder, and makes the records they work on.
#ifndef LIMBECK_TESTS_DATA_STAGES_WORKBENCH_H_
#define LIMBECK_TESTS_DATA_STAGES_WORKBENCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/base/thread_pool.h"
#include "data/records.pb.h"
#include "data/stages/artefact.h"
#include "data/stages/options_defaults.h"
#include "data/stages/stage.h"
#include "google/protobuf/text_format.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {

class Workbench {
 public:
  explicit Workbench(int threads = 1);

  std::string Directory(const std::string& name) const;
  Artefact Open(const std::string& name) const;
  StageInput Input(const std::string& name) const;
  // A run whose inputs are artefacts of this bench.
  StageRun MakeRun(const std::string& name, const std::string& kind,
                   const std::vector<std::string>& inputs, uint64_t seed = 1);

  // Resolves the options, runs the stage and finishes the artefact.
  template <typename Options>
  absl::Status Run(const std::string& name,
                   absl::Status (*stage)(const Options&, const StageRun&),
                   const Options& options,
                   const std::vector<std::string>& inputs) {
    StageRun run =
        MakeRun(name, std::string(Options::descriptor()->name()), inputs);
    LIMBECK_ASSIGN_OR_RETURN(const Options resolved, ResolveOptions(options));
    google::protobuf::TextFormat::PrintToString(resolved,
                                                &run.identity.options);
    LIMBECK_RETURN_IF_ERROR(stage(resolved, run));
    return FinishArtefact(run);
  }

  // Artefacts by range of problem id, sorted by problem and trace id.
  void WriteProblems(const std::string& name, std::vector<Problem> problems,
                     int partitions);
  void WriteTraces(const std::string& name, std::vector<Trace> traces,
                   int partitions);

  // Files below the artefact's directory with their bytes.
  std::vector<std::pair<std::string, std::string>> Files(
      const std::string& name) const;

  CancelToken cancel;

 private:
  TemporaryDirectory root_{TemporaryPlace::kMemory};
  ThreadPool pool_;
};

// Serialised records of `file` over all partitions, in order.
template <typename Record>
std::vector<std::string> Contents(const Artefact& artefact,
                                  absl::string_view file) {
  std::vector<std::string> contents;
  auto records = ReadArtefact<Record>(artefact, file);
  if (!records.ok()) return {records.status().ToString()};
  for (const Record& record : *records) {
    contents.push_back(record.SerializeAsString());
  }
  return contents;
}

// "How many ... has number NUMBER?", gold answer NUMBER.
Problem MakeProblem(int number);
// A well-formed trace: a line of thought, then \boxed{answer}.
Trace MakeTrace(const Problem& problem, int sample, const std::string& answer);
Trace MakeTraceWithOutput(const Problem& problem, int sample,
                          const std::string& raw_output);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_DATA_STAGES_WORKBENCH_H_
