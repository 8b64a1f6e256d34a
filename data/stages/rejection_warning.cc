#include "data/stages/rejection_warning.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"
#include "data/record/shard.h"
#include "data/stages/input_records.h"

namespace limbeck {
namespace {

constexpr uint64_t kWarnBelowOneIn = 10;
constexpr size_t kReasonsNamed = 3;
// Enough to tell the values; a stage may have millions of rejects.
constexpr uint64_t kRejectsRead = 10000;
constexpr size_t kLongestDetail = 160;

bool IsOnPurpose(RejectionReason reason) {
  return reason == REJECTION_REASON_OUTSIDE_SPLIT ||
         reason == REJECTION_REASON_OVER_CAP ||
         reason == REJECTION_REASON_OVER_BUDGET;
}

RejectionReason ReasonOf(const ReasonCount& entry) {
  RejectionReason reason = REJECTION_REASON_UNSPECIFIED;
  RejectionReason_Parse(entry.reason(), &reason);
  return reason;
}

// "wrong answer"
std::string Words(absl::string_view reason) {
  absl::ConsumePrefix(&reason, "REJECTION_REASON_");
  return absl::AsciiStrToLower(absl::StrReplaceAll(reason, {{"_", " "}}));
}

bool KeptAlmostNothing(const Counts& counts) {
  if (counts.in() == 0) return false;
  if (counts.out() == 0) return true;
  uint64_t considered = counts.in();
  for (const ReasonCount& entry : counts.rejected_by_reason()) {
    if (IsOnPurpose(ReasonOf(entry))) considered -= entry.count();
  }
  return counts.out() * kWarnBelowOneIn < considered;
}

// Of the rejects of one reason that were read.
struct Measured {
  std::string first_detail;
  std::optional<double> first_value;
  double low = 0;
  double high = 0;
  std::optional<double> threshold;
  bool one_threshold = true;

  void Add(const Rejection& rejection) {
    if (first_detail.empty()) first_detail = rejection.detail();
    if (!rejection.has_value() || !rejection.has_threshold()) return;
    const double value = rejection.value();
    if (!first_value) {
      first_value = low = high = value;
      threshold = rejection.threshold();
    }
    low = std::min(low, value);
    high = std::max(high, value);
    one_threshold = one_threshold && *threshold == rejection.threshold();
  }

  std::string Text() const {
    std::vector<std::string> parts;
    if (first_value && one_threshold) {
      parts.push_back(
          absl::StrCat(low == high ? absl::StrCat("value ", low)
                                   : absl::StrCat("values ", low, " to ", high),
                       ", threshold ", *threshold));
    } else if (first_value) {
      parts.push_back(absl::StrCat("the first has ", *first_value,
                                   " instead of ", *threshold));
    }
    if (!first_detail.empty()) {
      parts.push_back(absl::StrCat(
          "\"", absl::string_view(first_detail).substr(0, kLongestDetail),
          first_detail.size() > kLongestDetail ? "...\"" : "\""));
    }
    return parts.empty() ? ""
                         : absl::StrCat(" (", absl::StrJoin(parts, "; "), ")");
  }
};

using MeasuredByReason = std::map<int, Measured>;

absl::StatusOr<MeasuredByReason> Measure(const Artefact& artefact) {
  MeasuredByReason by_reason;
  if (!HoldsShard(artefact.manifest(), kRejectsFile)) return by_reason;
  uint64_t read = 0;
  for (int part = 0; part < artefact.num_partitions(); ++part) {
    LIMBECK_ASSIGN_OR_RETURN(
        const std::unique_ptr<ShardReader> reader,
        ShardReader::Open(artefact.Path(part, kRejectsFile)));
    LIMBECK_RETURN_IF_ERROR(reader->ExpectType(*Rejection::descriptor()));
    Rejection rejection;
    for (; read < kRejectsRead; ++read) {
      LIMBECK_ASSIGN_OR_RETURN(const bool more, reader->Next(&rejection));
      if (!more) break;
      by_reason[rejection.reason()].Add(rejection);
    }
  }
  return by_reason;
}

}  // namespace

absl::StatusOr<std::string> RejectionWarning(const Artefact& artefact) {
  const Counts& counts = artefact.manifest().counts();
  if (!KeptAlmostNothing(counts)) return "";
  LIMBECK_ASSIGN_OR_RETURN(MeasuredByReason measured, Measure(artefact));
  std::vector<ReasonCount> reasons(counts.rejected_by_reason().begin(),
                                   counts.rejected_by_reason().end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const ReasonCount& a, const ReasonCount& b) {
                     return a.count() > b.count();
                   });
  std::vector<std::string> parts;
  for (const ReasonCount& entry : reasons) {
    if (parts.size() == kReasonsNamed) break;
    parts.push_back(absl::StrCat(entry.count(), " ", Words(entry.reason()),
                                 measured[ReasonOf(entry)].Text()));
  }
  if (reasons.size() > kReasonsNamed) parts.push_back("others");
  if (counts.merged() > 0) {
    parts.push_back(absl::StrCat(counts.merged(), " merged"));
  }
  const std::string kept =
      counts.out() == 0 ? "none" : absl::StrCat("only ", counts.out());
  return absl::StrCat("kept ", kept, " of ", counts.in(), " ", counts.unit(),
                      ": ", absl::StrJoin(parts, ", "));
}

}  // namespace limbeck
