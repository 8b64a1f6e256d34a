#include "data/stages/artefact.h"

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/random.h"
#include "data/stages/manifest_io.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/stages/workbench.h"
#include "tests/support/child_process.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

absl::Status WriteSome(int partition, PartitionWriter& writer) {
  writer.set_unit("problems");
  for (int i = 0; i < 5; ++i) {
    writer.CountIn();
    if (i == partition) {
      Rejection rejection;
      rejection.set_reason(REJECTION_REASON_BAD_RECORD);
      *rejection.mutable_problem() = MakeProblem(i);
      LIMBECK_RETURN_IF_ERROR(writer.Reject(rejection));
      continue;
    }
    writer.CountOut();
    LIMBECK_RETURN_IF_ERROR(
        writer.Write(kProblemsFile, MakeProblem(10 * partition + i), 3));
  }
  return absl::OkStatus();
}

absl::Status MakeArtefact(Workbench& bench, const std::string& name,
                          int partitions) {
  const StageRun run = bench.MakeRun(name, "some", {});
  LIMBECK_RETURN_IF_ERROR(MapPartitions(run, partitions, WriteSome));
  return FinishArtefact(run, partitions);
}

TEST(Artefact, RootManifestSumsThePartitions) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 2));
  const Manifest manifest = bench.Open("a").manifest();
  EXPECT_EQ(manifest.counts().in(), 10);
  EXPECT_EQ(manifest.counts().out(), 8);
  EXPECT_EQ(manifest.counts().rejected(), 2);
  EXPECT_EQ(manifest.counts().unit(), "problems");
  ASSERT_EQ(manifest.counts().rejected_by_reason_size(), 1);
  EXPECT_EQ(manifest.counts().rejected_by_reason(0).reason(),
            "REJECTION_REASON_BAD_RECORD");
  EXPECT_EQ(manifest.counts().rejected_by_reason(0).count(), 2);
  ASSERT_EQ(manifest.files_size(), 4);
  EXPECT_EQ(manifest.files(0).name(), "part-0000/problems.lbk");
  EXPECT_EQ(manifest.files(0).record_type(), "limbeck.Problem");
  EXPECT_EQ(manifest.files(0).records(), 4);
  EXPECT_EQ(manifest.files(0).tokens(), 12);
  EXPECT_EQ(manifest.files(3).name(), "part-0001/rejects.lbk");
  EXPECT_FALSE(manifest.has_partition());
  LIMBECK_EXPECT_OK(VerifyFiles(bench.Directory("a"), manifest));
}

TEST(Artefact, SameInputGivesSameBytes) {
  Workbench one(1);
  Workbench seven(7);
  LIMBECK_ASSERT_OK(MakeArtefact(one, "a", 5));
  LIMBECK_ASSERT_OK(MakeArtefact(seven, "a", 5));
  EXPECT_EQ(one.Files("a"), seven.Files("a"));
}

TEST(Artefact, RejectionCarriesTheStageName) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "the name", 1));
  auto rejects = ReadArtefact<Rejection>(bench.Open("the name"), kRejectsFile);
  LIMBECK_ASSERT_OK(rejects);
  ASSERT_EQ(rejects->size(), 1);
  EXPECT_EQ((*rejects)[0].stage(), "the name");
}

TEST(Artefact, UnbalancedCountsAreRefused) {
  Workbench bench;
  const StageRun run = bench.MakeRun("a", "some", {});
  EXPECT_THAT(MapPartitions(run, 1,
                            [](int, PartitionWriter& writer) {
                              writer.set_unit("traces");
                              writer.CountIn(3);
                              writer.CountOut(1);
                              writer.CountMerged(1);
                              return absl::OkStatus();
                            }),
              IsError(absl::StatusCode::kInternal,
                      "3 traces in, but 1 out + 0 rejected + 1 merged = 2"));
  EXPECT_THAT(FinishArtefact(run, 1),
              IsError(absl::StatusCode::kNotFound, "no complete artefact"));
}

TEST(Artefact, InterruptedRunContinuesToTheSameBytes) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 3));
  const auto undisturbed = bench.Files("a");
  const std::string directory = bench.Directory("a");
  // Killed while partition 1 was written: leftovers, no manifests.
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(directory, kManifestName)));
  LIMBECK_ASSERT_OK(
      RemoveTree(JoinPath(PartitionPath(directory, 1), kManifestName)));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      JoinPath(PartitionPath(directory, 1), "leftover"), "half"));
  std::atomic<int> calls = 0;
  const StageRun run = bench.MakeRun("a", "some", {});
  LIMBECK_ASSERT_OK(
      MapPartitions(run, 3, [&](int partition, PartitionWriter& writer) {
        ++calls;
        EXPECT_EQ(partition, 1);
        return WriteSome(partition, writer);
      }));
  LIMBECK_ASSERT_OK(FinishArtefact(run));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(bench.Files("a"), undisturbed);
}

TEST(Artefact, CreateKeepsJournalsOnly) {
  Workbench bench;
  const StageRun run = bench.MakeRun("a", "some", {});
  const std::string partition = PartitionPath(run.directory, 0);
  LIMBECK_ASSERT_OK(MakeDirectories(JoinPath(partition, "old")));
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(partition, "journal"), "j"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(partition, "other"), "o"));
  LIMBECK_ASSERT_OK(PartitionWriter::Create(run, 0, 1, {"journal"}));
  EXPECT_TRUE(FileExists(JoinPath(partition, "journal")));
  EXPECT_FALSE(FileExists(JoinPath(partition, "other")));
  EXPECT_FALSE(IsDirectory(JoinPath(partition, "old")));
}

TEST(Artefact, NewRunWithdrawsTheOldRootManifest) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 2));
  const StageRun run = bench.MakeRun("a", "some", {}, /*seed=*/99);
  LIMBECK_ASSERT_OK(PartitionWriter::Create(run, 0, 2));
  EXPECT_THAT(Artefact::Open(run.directory),
              IsError(absl::StatusCode::kNotFound, "manifest.textproto"));
}

TEST(Artefact, FewerPartitionsLeaveNoneBehind) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 4));
  const StageRun run = bench.MakeRun("a", "some", {}, /*seed=*/2);
  LIMBECK_ASSERT_OK(MapPartitions(run, 2, WriteSome));
  LIMBECK_ASSERT_OK(FinishArtefact(run));
  EXPECT_TRUE(IsDirectory(PartitionPath(run.directory, 1)));
  EXPECT_FALSE(IsDirectory(PartitionPath(run.directory, 2)));
}

TEST(Artefact, PartitionOfAnotherRunIsRefused) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 2));
  const StageRun other = bench.MakeRun("a", "some", {}, /*seed=*/99);
  EXPECT_THAT(FinishArtefact(other, 2),
              IsError(absl::StatusCode::kFailedPrecondition,
                      other.identity.Fingerprint()));
}

TEST(Artefact, PartitionThatLostAFileIsRefused) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 2));
  LIMBECK_ASSERT_OK(RemoveTree(bench.Open("a").Path(1, kProblemsFile)));
  const StageRun run = bench.MakeRun("a", "some", {});
  LIMBECK_ASSERT_OK(MapPartitions(run, 2, WriteSome));
  EXPECT_THAT(FinishArtefact(run),
              IsError(absl::StatusCode::kDataLoss,
                      absl::StrCat("remove ", PartitionPath(run.directory, 1),
                                   " to have it made again")));
}

TEST(Artefact, PartitionIsNoArtefact) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 1));
  EXPECT_THAT(Artefact::Open(PartitionPath(bench.Directory("a"), 0)),
              IsError(absl::StatusCode::kInvalidArgument, "is partition 0"));
}

TEST(Artefact, VerifyFilesFindsEveryKindOfDamage) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 1));
  const Artefact artefact = bench.Open("a");
  const std::string path = artefact.Path(0, kProblemsFile);
  auto whole = ReadFile(path);
  LIMBECK_ASSERT_OK(whole);
  std::string flipped = *whole;
  flipped[flipped.size() / 2] ^= 1;
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, flipped));
  EXPECT_THAT(VerifyFiles(artefact.directory(), artefact.manifest()),
              IsError(absl::StatusCode::kDataLoss, "has SHA-256"));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(path, whole->substr(0, whole->size() - 1)));
  EXPECT_THAT(VerifyFiles(artefact.directory(), artefact.manifest()),
              IsError(absl::StatusCode::kDataLoss,
                      absl::StrCat("has ", whole->size() - 1, " bytes")));
  LIMBECK_ASSERT_OK(RemoveTree(path));
  EXPECT_THAT(VerifyFiles(artefact.directory(), artefact.manifest()),
              IsError(absl::StatusCode::kDataLoss, "is missing"));
}

TEST(Artefact, RootDoesNotVouchForADamagedPartition) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 2));
  const Artefact artefact = bench.Open("a");
  const std::string path = artefact.Path(1, kProblemsFile);
  auto whole = ReadFile(path);
  LIMBECK_ASSERT_OK(whole);
  LIMBECK_ASSERT_OK(WriteFileAtomically(path, whole->substr(0, 10)));
  LIMBECK_ASSERT_OK(RemoveTree(JoinPath(bench.Directory("a"), kManifestName)));
  EXPECT_THAT(MakeArtefact(bench, "a", 2),
              IsError(absl::StatusCode::kDataLoss,
                      absl::StrCat("has 10 bytes, its manifest says ",
                                   whole->size(), "; remove ")));
  EXPECT_FALSE(Artefact::Open(bench.Directory("a")).ok());
}

TEST(Artefact, CancelledBetweenPartitions) {
  Workbench bench;
  const StageRun run = bench.MakeRun("a", "some", {});
  EXPECT_THAT(MapPartitions(run, 3,
                            [&](int partition, PartitionWriter& writer) {
                              if (partition == 1) bench.cancel.Cancel();
                              return WriteSome(partition, writer);
                            }),
              IsError(absl::StatusCode::kCancelled, "partition 2 of 3"));
  EXPECT_TRUE(
      FileExists(JoinPath(PartitionPath(run.directory, 1), kManifestName)));
}

// One megabyte that no compression shrinks meets a limit of 64 KiB.
TEST(Artefact, FullDiskLeavesNoManifest) {
  TemporaryDirectory folder;
  StageRun run;
  run.identity.name = "a";
  run.directory = folder.File("a");
  const absl::Status status =
      RunWithFileSizeLimit(uint64_t{64} << 10, [&]() -> absl::Status {
        return MapPartitions(run, 1, [](int, PartitionWriter& writer) {
          Problem problem;
          for (uint64_t i = 0; i < 1 << 18; ++i) {
            problem.mutable_gold_answer()->push_back(
                static_cast<char>(RandomBits(1, i)));
          }
          writer.CountIn(4);
          writer.CountOut(4);
          for (int i = 0; i < 4; ++i) {
            LIMBECK_RETURN_IF_ERROR(writer.Write(kProblemsFile, problem));
          }
          return absl::OkStatus();
        });
      });
  EXPECT_FALSE(status.ok());
  EXPECT_NE(std::string(status.message()).find("problems.lbk"),
            std::string::npos)
      << status;
  auto left = ListDirectory(PartitionPath(run.directory, 0));
  LIMBECK_ASSERT_OK(left);
  EXPECT_TRUE(left->empty()) << left->front();
}

TEST(Artefact, FoldersAreListedFileByFile) {
  Workbench bench;
  const StageRun run = bench.MakeRun("a", "some", {});
  LIMBECK_ASSERT_OK(
      MapPartitions(run, 1, [](int, PartitionWriter& writer) -> absl::Status {
        const std::string inner = JoinPath(writer.directory(), "model/deep");
        LIMBECK_RETURN_IF_ERROR(MakeDirectories(inner));
        LIMBECK_RETURN_IF_ERROR(
            WriteFileAtomically(JoinPath(inner, "x"), "abc"));
        return writer.AddFolder("model");
      }));
  LIMBECK_ASSERT_OK(FinishArtefact(run));
  const Manifest manifest = bench.Open("a").manifest();
  ASSERT_EQ(manifest.files_size(), 1);
  EXPECT_EQ(manifest.files(0).name(), "part-0000/model/deep/x");
  // SHA-256 of "abc", FIPS 180-2 appendix B.1.
  EXPECT_EQ(manifest.files(0).sha256(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Artefact, TokenizerAndCheckpointFoldersAreFound) {
  Workbench bench;
  StageInput input;
  input.name = "student";
  input.directory = bench.Directory("student");
  const std::string checkpoint =
      JoinPath(PartitionPath(input.directory, 0), kCheckpointFolder);
  EXPECT_THAT(CheckpointDirectory(input),
              IsError(absl::StatusCode::kNotFound, "'student'"));
  LIMBECK_ASSERT_OK(MakeDirectories(checkpoint));
  EXPECT_EQ(*CheckpointDirectory(input), checkpoint);
  EXPECT_THAT(TokenizerDirectory(input),
              IsError(absl::StatusCode::kNotFound, "tokenizer.model"));
  LIMBECK_ASSERT_OK(
      WriteFileAtomically(JoinPath(checkpoint, "tokenizer.model"), ""));
  EXPECT_EQ(*TokenizerDirectory(input), checkpoint);
  input.is_model = true;
  input.directory = checkpoint;
  EXPECT_EQ(*CheckpointDirectory(input), checkpoint);
  EXPECT_EQ(*TokenizerDirectory(input), checkpoint);
}

TEST(Manifest, ErrorNamesFileLineAndColumn) {
  EXPECT_THAT(ParseManifest("stage_name: \"a\"\nnonsense: 1\n", "x/m"),
              IsError(absl::StatusCode::kDataLoss,
                      "x/m is no manifest: line 2, column"));
}

TEST(Manifest, DamagedTextNeverCrashes) {
  Workbench bench;
  LIMBECK_ASSERT_OK(MakeArtefact(bench, "a", 1));
  auto text = ReadFile(JoinPath(bench.Directory("a"), kManifestName));
  LIMBECK_ASSERT_OK(text);
  int refused = 0;
  const auto parse = [&](const std::string& damaged) {
    const absl::Status status = ParseManifest(damaged, "m").status();
    if (status.ok()) return;
    ++refused;
    EXPECT_THAT(status, IsError(absl::StatusCode::kDataLoss, "m is no"));
  };
  ForEachCut(*text, [&](const std::string& cut, size_t) { parse(cut); });
  ForEachMutation(*text, 2000, 1, parse);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace limbeck
