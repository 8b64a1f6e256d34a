// Everything a training stage takes as input, on disk, and its results.
#include "tests/distill/train_fixture.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/check.h"
#include "data/base/file.h"
#include "data/stages/artefact.h"
#include "data/text/sentencepiece_trainer.h"
#include "data/text/tokenizer.h"
#include "data/text/tokenizer_folder.h"
#include "distill/options_defaults.h"
#include "google/protobuf/text_format.h"
#include "tests/distill/tiny_training.h"

namespace limbeck {
namespace {

void Check(const absl::Status& status) {
  if (status.ok()) return;
  internal::FailCheck(__FILE__, __LINE__, status.ToString());
}

template <typename T>
T Take(absl::StatusOr<T> result) {
  Check(result.status());
  return *std::move(result);
}

// The tokenizer folder at `directory`; its fingerprint.
std::string WriteTokenizer(const std::vector<std::string>& text,
                           const std::string& directory) {
  SentencePieceTrainerOptions options;
  options.vocab_size = 290;
  Check(
      WriteTokenizerFolder(Take(TrainSentencePiece(options, text)), directory));
  return Take(LoadTokenizer(directory))->fingerprint();
}

StageRun PackRun(const std::string& name, const std::string& root) {
  StageRun run;
  run.identity.name = name;
  run.identity.kind = "pack";
  run.directory = JoinPath(root, name);
  Check(MakeDirectories(run.directory));
  return run;
}

std::vector<PackedBin> MakeBins(int count, uint64_t seed) {
  std::vector<PackedBin> bins;
  for (int i = 0; i < count; ++i) {
    const uint64_t id = seed + static_cast<uint64_t>(2 * i);
    bins.push_back(
        TinyBin(static_cast<uint64_t>(i), {{10 + i, 3, id}, {6, 1, id + 1}}));
  }
  return bins;
}

StageInput WriteBins(const std::string& name, const std::string& root,
                     const std::string& fingerprint,
                     const std::vector<PackedBin>& bins, bool with_signals) {
  const StageRun run = PackRun(name, root);
  const auto writer = Take(PartitionWriter::Create(run, 0, 1));
  writer->set_unit("samples");
  writer->set_tokenizer_fingerprint(fingerprint);
  for (const PackedBin& bin : bins) {
    Check(writer->Write(kBinsFile, bin, static_cast<uint64_t>(bin.ids_size())));
    if (with_signals) {
      const at::Tensor logits =
          at::arange(bin.ids_size() * kTinyVocab, at::kFloat)
              .reshape({bin.ids_size(), kTinyVocab})
              .sin();
      PackedSignals signals = SignalsFrom(logits, bin, 4);
      for (TeacherSignal& signal : *signals.mutable_signals()) {
        signal.set_tokenizer_fingerprint(fingerprint);
      }
      Check(writer->Write(kSignalsFile, signals));
    }
    writer->CountIn(static_cast<uint64_t>(bin.sequences_size()));
    writer->CountOut(static_cast<uint64_t>(bin.sequences_size()));
  }
  Check(writer->Commit());
  Check(FinishArtefact(run, 1));
  const Artefact artefact = Take(Artefact::Open(run.directory));
  return {name, run.directory, artefact.manifest().content_digest(), false};
}

}  // namespace

TrainFixture::TrainFixture() {
  const std::string root = directory_.path();
  fingerprint_ =
      WriteTokenizer({"abc def", "abd dee", "fed cba"}, root + "/tokenizer");
  WriteTokenizer({"xyz uvw", "xxy uuv", "zyx wvu"}, root + "/other");
  tokenizer_ = {"tokenizer", root + "/tokenizer", "t", true};
  other_tokenizer_ = {"other", root + "/other", "o", true};
  bins_ = WriteBins("bins", root, fingerprint_, MakeBins(8, 100), false);
  signal_bins_ =
      WriteBins("signal_bins", root, fingerprint_, MakeBins(8, 100), true);
  held_out_ = WriteBins("held_out", root, fingerprint_, MakeBins(3, 900), true);
}

TrainFixture* TrainStage::fixture_ = nullptr;

void TrainStage::SetUpTestSuite() { fixture_ = new TrainFixture(); }

void TrainStage::TearDownTestSuite() {
  delete fixture_;
  fixture_ = nullptr;
}

TrainOptions TrainStage::Options() {
  TrainOptions options;
  options.set_epochs(3.0);
  options.set_bins_per_step(2);
  options.set_checkpoint_every_steps(5);
  options.set_evaluate_every_steps(4);
  options.set_tokenizer_input("tokenizer");
  options.set_evaluation_input("held_out");
  ArchitectureOptions& shape = *options.mutable_architecture();
  shape.set_hidden_size(16);
  shape.set_num_layers(1);
  shape.set_num_heads(2);
  shape.set_intermediate_size(24);
  shape.set_max_positions(64);
  return Take(ResolveOptions(options));
}

TrainOptions TrainStage::TopKOptions() {
  TrainOptions options = Options();
  options.mutable_objective()->set_kind(
      ObjectiveOptions::KIND_TOPK_DISTILLATION);
  return options;
}

std::vector<StageInput> TrainStage::Inputs(const StageInput& bins) {
  return {bins, fixture_->tokenizer(), fixture_->held_out()};
}

std::string TrainStage::Directory(const std::string& name) const {
  return directory_.File(name);
}

StageRun TrainStage::Run(const std::string& name,
                         const TrainOptions& options) const {
  return MakeTrainRun(options, Inputs(fixture_->bins()), Directory(name));
}

StageInput TrainStage::Finished(const StageRun& run,
                                const std::string& name) const {
  Check(FinishArtefact(run, 1));
  return {name, run.directory, "digest of " + name, false};
}

StageRun MakeTrainRun(const TrainOptions& options,
                      const std::vector<StageInput>& inputs,
                      const std::string& directory) {
  StageRun run;
  run.identity.name = "student";
  run.identity.kind = "train";
  run.identity.seed = 5;
  google::protobuf::TextFormat::PrintToString(options, &run.identity.options);
  run.inputs = inputs;
  for (const StageInput& input : inputs) {
    run.identity.parents.emplace_back(input.name, input.content_digest);
  }
  run.directory = directory;
  Check(MakeDirectories(directory));
  return run;
}

std::map<std::string, std::string> StableFiles(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().string();
    if (!entry.is_regular_file() || absl::StrContains(path, "/events/") ||
        BaseName(path) == "timing.jsonl") {
      continue;
    }
    files[path.substr(directory.size())] = Take(ReadFile(path));
  }
  return files;
}

void CopyTree(const std::string& from, const std::string& to) {
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace limbeck
