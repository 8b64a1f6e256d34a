// See generate_stage.h.
#include "teacher/generate_stage.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"
#include "data/stages/artefact.h"
#include "data/stages/input_records.h"
#include "data/stages/manifest_io.h"
#include "teacher/finished_samples.h"
#include "teacher/generate_partition.h"
#include "teacher/local_sampler.h"
#include "teacher/model_input.h"
#include "teacher/reference_sampler.h"
#include "teacher/replay_sampler.h"
#include "teacher/sample_outcome.h"

namespace limbeck {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMinWaiting = 64;
constexpr std::chrono::seconds kSyncInterval(2);

// Recorded traces keep only their index: how they were sampled is not known.
Sampling SamplingOf(const GenerateOptions& options, uint64_t seed) {
  Sampling sampling;
  if (options.teacher() != GenerateOptions::KIND_LOCAL) return sampling;
  sampling.set_temperature(options.temperature());
  sampling.set_top_p(options.top_p());
  sampling.set_top_k(options.top_k());
  sampling.set_max_tokens(options.max_tokens());
  sampling.set_seed(seed);
  sampling.set_exact(true);
  return sampling;
}

// All partitions as one stream of samples through one sampler, so that its
// rows stay full where one partition ends and the next begins.
class GenerateRun {
 public:
  GenerateRun(Sampler& sampler, const SamplingJob& job, const StageRun& run)
      : sampler_(sampler),
        job_(job),
        options_(job.options),
        run_(run),
        max_context_(sampler.Capabilities().max_context),
        max_waiting_(std::max(kMinWaiting,
                              2 * static_cast<size_t>(job.options.rows()))) {}

  absl::Status Run();

 private:
  struct Source {
    std::unique_ptr<GeneratePartition> partition;
    size_t next = 0;  // of missing()
  };
  struct Waiting {
    int partition = 0;
    SampleRequest request;  // prompt ids are the sampler's business
  };

  void DescribeWork();
  absl::Status SubmitMore();
  absl::Status OpenNext();
  absl::Status SubmitFrom(int number, Source& source);
  absl::Status Take(SampleResult result);
  absl::Status CommitIfComplete(int number);
  absl::Status SyncJournals();
  void Report();

  Sampler& sampler_;
  const SamplingJob& job_;
  const GenerateOptions& options_;
  const StageRun& run_;
  const int64_t max_context_;
  const size_t max_waiting_;
  GenerateWork work_;
  int next_partition_ = 0;
  std::map<int, Source> open_;           // by partition
  std::map<uint64_t, Waiting> waiting_;  // by ticket
  uint64_t next_ticket_ = 0;
  uint64_t samples_done_ = 0;
  uint64_t tokens_ = 0;
  const Clock::time_point started_ = Clock::now();
  Clock::time_point synced_ = Clock::now();
};

void GenerateRun::DescribeWork() {
  work_.run = &run_;
  work_.num_partitions =
      job_.problems.empty() ? static_cast<int>(job_.problem_paths.size()) : 1;
  work_.problems = &job_.problems;
  work_.finish_journal = job_.finish_journal;
  work_.max_problems = job_.max_problems;
  work_.finish = job_.finish;
  work_.samples_per_problem = options_.samples_per_problem();
  work_.signals = options_.capture_top_k() > 0;
  work_.teacher = sampler_.Identity();
  work_.template_fingerprint = sampler_.TemplateFingerprint();
  work_.fingerprint =
      WorkFingerprint(MakeManifest(run_.identity), work_.teacher);
}

absl::Status GenerateRun::Run() {
  DescribeWork();
  if (run_.context.progress != nullptr) {
    run_.context.progress->Begin(
        run_.identity.kind,
        job_.num_problems *
            static_cast<uint64_t>(options_.samples_per_problem()),
        "samples");
  }
  while (true) {
    if (run_.context.cancelled()) {
      LIMBECK_RETURN_IF_ERROR(SyncJournals());
      return absl::CancelledError(absl::StrCat("stage '", run_.identity.name,
                                               "' stopped after ",
                                               samples_done_, " samples"));
    }
    LIMBECK_RETURN_IF_ERROR(SubmitMore());
    if (waiting_.empty()) return absl::OkStatus();
    LIMBECK_ASSIGN_OR_RETURN(std::vector<SampleResult> results,
                             sampler_.Poll());
    for (SampleResult& result : results) {
      LIMBECK_RETURN_IF_ERROR(Take(std::move(result)));
    }
    if (Clock::now() - synced_ > kSyncInterval) {
      LIMBECK_RETURN_IF_ERROR(SyncJournals());
    }
    Report();
  }
}

absl::Status GenerateRun::SubmitMore() {
  while (waiting_.size() < max_waiting_) {
    const auto unfinished =
        std::find_if(open_.begin(), open_.end(), [](const auto& entry) {
          const Source& source = entry.second;
          return source.next < source.partition->missing().size();
        });
    if (unfinished != open_.end()) {
      LIMBECK_RETURN_IF_ERROR(
          SubmitFrom(unfinished->first, unfinished->second));
    } else if (next_partition_ < work_.num_partitions) {
      LIMBECK_RETURN_IF_ERROR(OpenNext());
    } else {
      break;
    }
  }
  return absl::OkStatus();
}

absl::Status GenerateRun::OpenNext() {
  const int number = next_partition_++;
  const std::string directory = PartitionPath(run_.directory, number);
  LIMBECK_ASSIGN_OR_RETURN(const bool done,
                           IsComplete(directory, run_.identity.Fingerprint()));
  if (done) {
    LIMBECK_ASSIGN_OR_RETURN(const Manifest manifest, ReadManifest(directory));
    samples_done_ += manifest.counts().in();
    return RemoveLeftJournal(work_, number);
  }
  Source source;
  const std::vector<std::string> paths =
      job_.problems.empty() ? job_.problem_paths[static_cast<size_t>(number)]
                            : std::vector<std::string>();
  LIMBECK_ASSIGN_OR_RETURN(source.partition,
                           GeneratePartition::Open(work_, number, paths));
  samples_done_ += source.partition->num_found();
  open_.emplace(number, std::move(source));
  return CommitIfComplete(number);
}

absl::Status GenerateRun::SubmitFrom(int number, Source& source) {
  const GeneratePartition::Item item = source.partition->missing()[source.next];
  ++source.next;
  Waiting waiting;
  waiting.partition = number;
  SampleRequest& request = waiting.request;
  request.ticket = next_ticket_++;
  request.problem = source.partition->problems()[item.problem];
  if (job_.prepare) {
    LIMBECK_RETURN_IF_ERROR(job_.prepare(request.problem, item.sample));
  }
  request.sampling = SamplingOf(options_, run_.identity.seed);
  request.sampling.set_sample_index(item.sample);
  request.capture_top_k = options_.capture_top_k();
  LIMBECK_RETURN_IF_ERROR(sampler_.Submit(request));
  waiting_.emplace(request.ticket, std::move(waiting));
  return absl::OkStatus();
}

absl::Status GenerateRun::Take(SampleResult result) {
  auto found = waiting_.extract(result.ticket);
  if (found.empty()) {
    return absl::InternalError(absl::StrCat("teacher '", work_.teacher.name(),
                                            "' returned ticket ", result.ticket,
                                            ", which is not waiting"));
  }
  if (run_.context.cost != nullptr) {
    run_.context.cost->AddPromptTokens(result.prompt_ids.size());
    run_.context.cost->AddGeneratedTokens(result.output_ids.size());
  }
  tokens_ += result.output_ids.size();
  ++samples_done_;
  const Waiting& waiting = found.mapped();
  LIMBECK_RETURN_IF_ERROR(
      open_.at(waiting.partition)
          .partition->Add(MakeOutcome(waiting.request, work_.teacher,
                                      max_context_, std::move(result))));
  return CommitIfComplete(waiting.partition);
}

absl::Status GenerateRun::CommitIfComplete(int number) {
  const auto found = open_.find(number);
  if (!found->second.partition->complete()) return absl::OkStatus();
  LIMBECK_RETURN_IF_ERROR(found->second.partition->Commit());
  open_.erase(found);
  return absl::OkStatus();
}

absl::Status GenerateRun::SyncJournals() {
  for (auto& [number, source] : open_) {
    LIMBECK_RETURN_IF_ERROR(source.partition->Sync());
  }
  synced_ = Clock::now();
  return absl::OkStatus();
}

void GenerateRun::Report() {
  ProgressSink* progress = run_.context.progress;
  if (progress == nullptr) return;
  progress->SetDone(samples_done_);
  const double seconds =
      std::chrono::duration<double>(Clock::now() - started_).count();
  if (tokens_ == 0 || seconds <= 0.0) return;
  progress->SetDetail(
      absl::StrFormat("%.0f tokens/s", static_cast<double>(tokens_) / seconds));
}

absl::StatusOr<std::unique_ptr<Sampler>> MakeSampler(
    const GenerateOptions& options, const StageRun& run) {
  switch (options.teacher()) {
    case GenerateOptions::KIND_REPLAY:
      return CreateReplaySampler(options.replay_path(), options.replay_format(),
                                 options.teacher_licence());
    case GenerateOptions::KIND_REFERENCE:
      return MakeReferenceSampler(options.teacher_licence());
    default:
      break;
  }
  LIMBECK_ASSIGN_OR_RETURN(const ModelInput input, LoadModelInput(run));
  LocalSamplerOptions local;
  local.rows = options.rows();
  local.identity = input.identity;
  local.identity.set_licence(options.teacher_licence());
  local.signal_codec = options.signal_codec();
  LIMBECK_ASSIGN_OR_RETURN(local.format, LoadChatFormat(input, options.chat()));
  return CreateLocalSampler(input.model, input.tokenizer, local);
}

}  // namespace

absl::Status RunSamplingJob(Sampler& sampler, const SamplingJob& job,
                            const StageRun& run) {
  return GenerateRun(sampler, job, run).Run();
}

absl::Status GenerateWith(Sampler& sampler, const GenerateOptions& options,
                          const StageRun& run) {
  LIMBECK_ASSIGN_OR_RETURN(const Artefact problems,
                           OpenInputWith(run, kProblemsFile));
  SamplingJob job;
  job.options = options;
  job.num_problems = NumRecords(problems.manifest(), kProblemsFile);
  if (job.num_problems == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("stage '", run.identity.name, "': ", problems.directory(),
                     " holds 0 problems"));
  }
  for (int i = 0; i < problems.num_partitions(); ++i) {
    job.problem_paths.push_back({problems.Path(i, kProblemsFile)});
  }
  return RunSamplingJob(sampler, job, run);
}

absl::Status RunGenerateStage(const GenerateOptions& options,
                              const StageRun& run) {
  try {
    LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<Sampler> sampler,
                             MakeSampler(options, run));
    return GenerateWith(*sampler, options, run);
  } catch (const c10::Error& error) {
    return absl::InternalError(
        absl::StrCat("stage '", run.identity.name, "': ", error.msg()));
  }
}

}  // namespace limbeck
