#include "data/stages/pack.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "data/base/json.h"
#include "data/base/random.h"
#include "data/stages/bin_packing.h"
#include "data/stages/pack_plan.h"
#include "data/stages/record_id.h"
#include "data/stages/recount.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

constexpr char kTokenizer[] = "tokenizer-a";

std::vector<uint32_t> RandomLengths(size_t count, uint32_t limit,
                                    uint64_t key) {
  std::vector<uint32_t> lengths;
  for (size_t i = 0; i < count; ++i) {
    lengths.push_back(static_cast<uint32_t>(1 + RandomBelow(limit, key, i)));
  }
  return lengths;
}

// The textbook rule, without any data structure.
std::vector<std::vector<size_t>> SlowPacking(
    const std::vector<uint32_t>& lengths, uint32_t capacity) {
  std::vector<size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return lengths[a] > lengths[b]; });
  std::vector<std::vector<size_t>> bins;
  std::vector<uint32_t> free;
  for (const size_t item : order) {
    size_t best = bins.size();
    for (size_t bin = 0; bin < bins.size(); ++bin) {
      if (free[bin] < lengths[item]) continue;
      if (best == bins.size() || free[bin] < free[best]) best = bin;
    }
    if (best == bins.size()) {
      bins.emplace_back();
      free.push_back(capacity);
    }
    bins[best].push_back(item);
    free[best] -= lengths[item];
  }
  return bins;
}

TEST(BinPacking, EqualsTheTextbookRule) {
  for (uint64_t key = 0; key < 20; ++key) {
    const auto lengths = RandomLengths(200, 100, key);
    EXPECT_EQ(PackBestFitDecreasing(lengths, 100), SlowPacking(lengths, 100));
  }
}

TEST(BinPacking, EachItemOnceAndNoBinOverfull) {
  const auto lengths = RandomLengths(5000, 300, 1);
  std::vector<int> seen(lengths.size(), 0);
  uint64_t bins = 0;
  for (const auto& bin : PackBestFitDecreasing(lengths, 1000)) {
    uint64_t sum = 0;
    for (const size_t item : bin) {
      ++seen[item];
      sum += lengths[item];
    }
    EXPECT_LE(sum, 1000);
    ++bins;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1),
            static_cast<int>(lengths.size()));
  // Short items fill bins nearly perfectly: at most one bin more than the sum
  // demands, plus 1 %.
  const uint64_t total =
      std::accumulate(lengths.begin(), lengths.end(), uint64_t{0});
  EXPECT_LE(bins, total / 1000 + 1 + total / 100000);
}

TEST(BinPacking, SmallCases) {
  EXPECT_TRUE(PackBestFitDecreasing({}, 10).empty());
  EXPECT_EQ(PackBestFitDecreasing({10, 10}, 10).size(), 2);
  EXPECT_EQ(PackBestFitDecreasing({6, 4, 5, 5}, 10).size(), 2);
}

TokenizedSample MakeSample(int number, uint32_t length, uint32_t prompt) {
  TokenizedSample sample;
  sample.set_trace_id(MakeTrace(MakeProblem(number), 0, "").id());
  sample.set_problem_id(MakeProblem(number).id());
  for (uint32_t i = 0; i < length; ++i) {
    sample.add_ids(1000 * static_cast<uint32_t>(number) + i);
  }
  LossRun* run = sample.add_loss_runs();
  run->set_start(prompt);
  run->set_length(length - prompt);
  sample.set_weight(1);
  sample.set_output_start(prompt);
  std::vector<uint32_t> ids(sample.ids().begin(), sample.ids().end());
  sample.set_token_ids_hash(TokenIdsHash(absl::MakeSpan(ids).first(prompt),
                                         absl::MakeSpan(ids).subspan(prompt)));
  return sample;
}

std::vector<TokenizedSample> MakeSamples(int count) {
  std::vector<TokenizedSample> samples;
  for (int i = 0; i < count; ++i) {
    const uint64_t extra = RandomBelow(40, 5, static_cast<uint64_t>(i));
    samples.push_back(MakeSample(i, 8 + static_cast<uint32_t>(extra), 5));
  }
  std::sort(samples.begin(), samples.end(),
            [](const TokenizedSample& a, const TokenizedSample& b) {
              return a.problem_id() < b.problem_id();
            });
  return samples;
}

TeacherSignal MakeSignal(const TokenizedSample& sample, uint32_t first,
                         uint32_t count) {
  TeacherSignal signal;
  signal.set_trace_id(sample.trace_id());
  signal.set_token_ids_hash(sample.token_ids_hash());
  signal.set_tokenizer_fingerprint(kTokenizer);
  signal.set_first_token(first);
  signal.set_num_tokens(count);
  signal.set_vocab_size(512);
  for (uint32_t i = 0; i < count; ++i) {
    signal.mutable_top_k()->add_counts(1);
    signal.mutable_top_k()->add_ids(first + i);
  }
  return signal;
}

class PackTest : public testing::Test {
 protected:
  template <typename Record>
  void Write(const std::string& name, absl::string_view file,
             const std::vector<Record>& records, int partitions) {
    const StageRun run = bench_.MakeRun(name, "given", {});
    LIMBECK_ASSERT_OK(MapPartitions(
        run, partitions,
        [&](int partition, PartitionWriter& writer) -> absl::Status {
          writer.set_tokenizer_fingerprint(kTokenizer);
          LIMBECK_RETURN_IF_ERROR(writer.Touch(file, *Record::descriptor()));
          const size_t size = records.size();
          const size_t parts = static_cast<size_t>(partitions);
          const size_t part = static_cast<size_t>(partition);
          for (size_t i = size * part / parts; i < size * (part + 1) / parts;
               ++i) {
            writer.CountIn();
            writer.CountOut();
            LIMBECK_RETURN_IF_ERROR(writer.Write(file, records[i]));
          }
          return absl::OkStatus();
        }));
    LIMBECK_ASSERT_OK(FinishArtefact(run));
  }

  PackOptions Options(int bin_tokens, int window = 20000) {
    PackOptions options;
    options.set_bin_tokens(bin_tokens);
    options.set_window_samples(window);
    return options;
  }

  std::vector<PackedBin> Bins(const std::string& name) {
    auto bins = ReadArtefact<PackedBin>(bench_.Open(name), kBinsFile);
    EXPECT_THAT(bins, IsOk());
    return *bins;
  }

  std::vector<Rejection> Rejects(const std::string& name) {
    auto rejects = ReadArtefact<Rejection>(bench_.Open(name), kRejectsFile);
    EXPECT_THAT(rejects, IsOk());
    return *rejects;
  }

  Workbench bench_;
};

TEST_F(PackTest, BinsHoldEverySampleUnchanged) {
  const std::vector<TokenizedSample> samples = MakeSamples(300);
  Write("samples", kSamplesFile, samples, 3);
  LIMBECK_ASSERT_OK(
      bench_.Run("bins", RunPackStage, Options(128, 100), {"samples"}));
  std::map<std::string, TokenizedSample> left;
  for (const TokenizedSample& sample : samples) {
    left[sample.trace_id()] = sample;
  }
  uint64_t index = 0;
  for (const PackedBin& bin : Bins("bins")) {
    EXPECT_EQ(bin.index(), index++);
    EXPECT_LE(bin.ids_size(), 128);
    int position = 0;
    for (const PackedSequence& sequence : bin.sequences()) {
      const auto found = left.find(sequence.sample().trace_id());
      ASSERT_NE(found, left.end());
      const TokenizedSample& sample = found->second;
      EXPECT_EQ(sequence.start(), position);
      ASSERT_EQ(sequence.length(), sample.ids_size());
      for (const uint32_t id : sample.ids()) {
        EXPECT_EQ(bin.ids(position++), id);
      }
      EXPECT_EQ(sequence.loss_runs(0).start(), sample.loss_runs(0).start());
      EXPECT_EQ(sequence.output_start(), sample.output_start());
      auto source = ShardReader::Open(bench_.Open("samples").Path(
          static_cast<int>(sequence.sample().partition()), kSamplesFile));
      LIMBECK_ASSERT_OK(source);
      TokenizedSample original;
      LIMBECK_ASSERT_OK((*source)->Read(sequence.sample().record(), &original));
      EXPECT_EQ(original.trace_id(), sample.trace_id());
      left.erase(found);
    }
    EXPECT_EQ(position, bin.ids_size());
  }
  EXPECT_TRUE(left.empty());
  LIMBECK_EXPECT_OK(CheckCountsAgainstParent(bench_.Directory("bins"),
                                             bench_.Directory("samples")));
}

TEST_F(PackTest, SummaryTellsTheFill) {
  const std::vector<TokenizedSample> samples = MakeSamples(300);
  uint64_t tokens = 0;
  for (const auto& sample : samples) tokens += sample.ids_size();
  Write("samples", kSamplesFile, samples, 1);
  LIMBECK_ASSERT_OK(
      bench_.Run("bins", RunPackStage, Options(512), {"samples"}));
  auto text = ReadFile(bench_.Open("bins").Path(0, kPackingFile));
  LIMBECK_ASSERT_OK(text);
  auto json = ParseJson(*text);
  LIMBECK_ASSERT_OK(json);
  EXPECT_EQ(*json->GetInt("tokens"), tokens);
  EXPECT_EQ(*json->GetInt("sequences"), 300);
  EXPECT_EQ(*json->GetInt("loss_tokens"), tokens - 5 * 300);
  const int64_t bins = *json->GetInt("bins");
  EXPECT_EQ(bins, static_cast<int64_t>(Bins("bins").size()));
  EXPECT_GT(*json->GetDouble("fill"), 0.95);
}

TEST_F(PackTest, PartitionsOfTheInputDoNotMatter) {
  const std::vector<TokenizedSample> samples = MakeSamples(100);
  std::vector<std::vector<uint32_t>> first;
  for (const int partitions : {1, 2, 7}) {
    const std::string name = absl::StrCat("samples", partitions);
    const std::string bins = absl::StrCat("bins", partitions);
    Write(name, kSamplesFile, samples, partitions);
    LIMBECK_ASSERT_OK(bench_.Run(bins, RunPackStage, Options(64, 30), {name}));
    std::vector<std::vector<uint32_t>> ids;
    for (const PackedBin& bin : Bins(bins)) {
      ids.emplace_back(bin.ids().begin(), bin.ids().end());
    }
    if (first.empty()) first = ids;
    EXPECT_EQ(ids, first);
  }
}

TEST_F(PackTest, TooLongSampleIsRejectedNotCut) {
  Write<TokenizedSample>("samples", kSamplesFile,
                         {MakeSample(1, 20, 5), MakeSample(2, 21, 5)}, 1);
  LIMBECK_ASSERT_OK(bench_.Run("bins", RunPackStage, Options(20), {"samples"}));
  const std::vector<Rejection> rejects = Rejects("bins");
  ASSERT_EQ(rejects.size(), 1);
  EXPECT_EQ(rejects[0].reason(), REJECTION_REASON_EXCEEDS_BIN);
  EXPECT_EQ(rejects[0].value(), 21);
  EXPECT_EQ(rejects[0].threshold(), 20);
  EXPECT_EQ(rejects[0].sample().ids_size(), 21);
}

TEST_F(PackTest, BudgetTakesWholeSamples) {
  const std::vector<TokenizedSample> samples = MakeSamples(200);
  Write("samples", kSamplesFile, samples, 2);
  PackOptions options = Options(128);
  options.set_max_loss_tokens(1000);
  LIMBECK_ASSERT_OK(bench_.Run("bins", RunPackStage, options, {"samples"}));
  uint64_t tokens = 0;
  std::set<std::string> packed;
  for (const PackedBin& bin : Bins("bins")) {
    for (const PackedSequence& sequence : bin.sequences()) {
      tokens += sequence.loss_runs(0).length();
      packed.insert(sequence.sample().trace_id());
    }
  }
  EXPECT_LE(tokens, 1000);
  EXPECT_GT(tokens, 1000 - 43);  // the longest sample has 42 loss tokens
  for (const Rejection& rejection : Rejects("bins")) {
    EXPECT_EQ(rejection.reason(), REJECTION_REASON_OVER_BUDGET);
    EXPECT_GT(rejection.value(), 1000);
    EXPECT_EQ(rejection.threshold(), 1000);
  }
  LIMBECK_EXPECT_OK(CheckCounts(bench_.Directory("bins")));
  // A larger budget keeps what the smaller one had.
  options.set_max_loss_tokens(2000);
  LIMBECK_ASSERT_OK(bench_.Run("more", RunPackStage, options, {"samples"}));
  for (const PackedBin& bin : Bins("more")) {
    for (const PackedSequence& sequence : bin.sequences()) {
      packed.erase(sequence.sample().trace_id());
    }
  }
  EXPECT_TRUE(packed.empty());
}

TEST_F(PackTest, SignalsFollowTheirSequences) {
  const std::vector<TokenizedSample> samples = MakeSamples(60);
  std::vector<TeacherSignal> signals;
  for (const TokenizedSample& sample : samples) {
    const uint32_t output = static_cast<uint32_t>(sample.ids_size()) - 5;
    // Later half first: order on disk does not matter.
    signals.push_back(MakeSignal(sample, 2, output - 2));
    signals.push_back(MakeSignal(sample, 0, 2));
  }
  Write("samples", kSamplesFile, samples, 2);
  Write("teacher", kSignalsFile, signals, 3);
  LIMBECK_ASSERT_OK(
      bench_.Run("bins", RunPackStage, Options(100), {"teacher", "samples"}));
  const std::vector<PackedBin> bins = Bins("bins");
  auto packed = ReadArtefact<PackedSignals>(bench_.Open("bins"), kSignalsFile);
  LIMBECK_ASSERT_OK(packed);
  ASSERT_EQ(packed->size(), bins.size());
  size_t total = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    const PackedSignals& record = (*packed)[i];
    EXPECT_EQ(record.bin_index(), i);
    ASSERT_EQ(record.signals_size(), 2 * bins[i].sequences_size());
    for (int s = 0; s < record.signals_size(); ++s) {
      const int sequence = static_cast<int>(record.sequence_of_signal(s));
      EXPECT_EQ(sequence, s / 2);
      EXPECT_EQ(record.signals(s).trace_id(),
                bins[i].sequences(sequence).sample().trace_id());
      EXPECT_EQ(record.signals(s).first_token(), s % 2 == 0 ? 0 : 2);
      ++total;
    }
  }
  EXPECT_EQ(total, 120);
}

TEST_F(PackTest, UncoveredLossTokenIsRejected) {
  const std::vector<TokenizedSample> samples = {
      MakeSample(1, 10, 5), MakeSample(2, 10, 5), MakeSample(3, 10, 5)};
  Write("samples", kSamplesFile, samples, 1);
  Write<TeacherSignal>(
      "teacher", kSignalsFile,
      {MakeSignal(samples[0], 0, 5), MakeSignal(samples[1], 0, 4)}, 1);
  LIMBECK_ASSERT_OK(
      bench_.Run("bins", RunPackStage, Options(100), {"samples", "teacher"}));
  const std::vector<Rejection> rejects = Rejects("bins");
  ASSERT_EQ(rejects.size(), 2);
  EXPECT_EQ(rejects[0].reason(), REJECTION_REASON_MISSING_SIGNAL);
  EXPECT_EQ(rejects[0].value(), 1);
  EXPECT_EQ(rejects[1].value(), 5);
}

TEST_F(PackTest, SignalsThatDoNotFitAreRefused) {
  const TokenizedSample sample = MakeSample(1, 10, 5);
  Write<TokenizedSample>("samples", kSamplesFile, {sample}, 1);
  int number = 0;
  const auto pack_with = [&](const std::vector<TeacherSignal>& signals) {
    const std::string name = absl::StrCat("teacher", number++);
    Write(name, kSignalsFile, signals, 1);
    return bench_.Run(absl::StrCat("bins", number), RunPackStage, Options(100),
                      {"samples", name});
  };
  TeacherSignal signal = MakeSignal(sample, 0, 5);
  signal.set_tokenizer_fingerprint("tokenizer-b");
  const absl::Status other_tokenizer = pack_with({signal});
  EXPECT_THAT(other_tokenizer,
              IsError(absl::StatusCode::kFailedPrecondition, "tokenizer-b"));
  EXPECT_THAT(other_tokenizer,
              IsError(absl::StatusCode::kFailedPrecondition, kTokenizer));
  signal = MakeSignal(sample, 0, 5);
  signal.set_token_ids_hash("another hash");
  EXPECT_THAT(pack_with({signal}),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "signals fit only samples of the same ids"));
  EXPECT_THAT(pack_with({MakeSignal(sample, 0, 5), MakeSignal(sample, 4, 1)}),
              IsError(absl::StatusCode::kDataLoss,
                      "signal of output token 4 is there twice"));
  EXPECT_THAT(pack_with({MakeSignal(sample, 0, 6)}),
              IsError(absl::StatusCode::kDataLoss,
                      "output token 5 is beyond the sample's end"));
  signal = MakeSignal(sample, 3, 2);
  signal.set_vocab_size(511);
  EXPECT_THAT(pack_with({MakeSignal(sample, 0, 3), signal}),
              IsError(absl::StatusCode::kFailedPrecondition,
                      "has 511 vocabulary columns, earlier ones have 512"));
}

TEST_F(PackTest, ImpossibleLossRunIsAnError) {
  TokenizedSample sample = MakeSample(1, 10, 5);
  EXPECT_THAT(CheckSample(sample), IsOk());
  sample.mutable_loss_runs(0)->set_length(6);
  EXPECT_THAT(CheckSample(sample),
              IsError(absl::StatusCode::kDataLoss,
                      "a loss run of 6 tokens from 5; it may lie in [1, 10)"));
  sample.mutable_loss_runs(0)->set_start(0);
  EXPECT_THAT(CheckSample(sample),
              IsError(absl::StatusCode::kDataLoss, "from 0"));
}

}  // namespace
}  // namespace limbeck
