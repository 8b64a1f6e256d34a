// One line, one sample; nothing is guessed.
#include "eval/stored_samples.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/json.h"
#include "data/base/status_macros.h"
#include "data/verify/extract.h"
#include "eval/benchmarks/option_order.h"
#include "eval/benchmarks/rows.h"

namespace limbeck {
namespace {

constexpr int64_t kMaxSampleIndex = int64_t{1} << 20;
constexpr int kMaxOptions = 26;

absl::StatusOr<std::vector<int>> ReadOptionOrder(const Json& json) {
  const Json* list = json.Find("option_order");
  if (list == nullptr || !list->is_array()) {
    return absl::InvalidArgumentError(
        "a multiple-choice sample needs 'option_order', the list of stored "
        "options (0 is the correct one) as the prompt showed them; in another "
        "order the letters mean something else");
  }
  std::vector<int> order;
  for (const Json& entry : list->array()) {
    if (!entry.is_integer() || entry.number() < 0 ||
        entry.number() >= kMaxOptions) {
      return absl::InvalidArgumentError(
          absl::StrCat("'option_order' holds ", WriteJson(entry)));
    }
    order.push_back(static_cast<int>(entry.integer()));
  }
  return order;
}

class SampleReader {
 public:
  explicit SampleReader(const BenchmarkSet& set) : set_(set) {
    for (size_t i = 0; i < set.problems.size(); ++i) {
      by_id_.emplace(set.problems[i].id, i);
    }
    samples_.of_problem.resize(set.problems.size());
  }

  absl::Status Add(const Row& row) {
    any_ = true;
    LIMBECK_ASSIGN_OR_RETURN(const std::string id,
                             TextOrInteger(row.object, "problem_id"));
    LIMBECK_ASSIGN_OR_RETURN(const int64_t index, row.object.GetInt("sample"));
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) {
      if (set_.left_out.count(id) == 0) {
        return absl::InvalidArgumentError(
            absl::StrCat("unknown problem '", id, "'"));
      }
      ++samples_.left_out;
      return absl::OkStatus();
    }
    if (index < 0 || index >= kMaxSampleIndex) {
      return absl::InvalidArgumentError(absl::StrCat(
          "sample ", index, " is not in [0, ", kMaxSampleIndex, ")"));
    }
    LIMBECK_ASSIGN_OR_RETURN(StoredSample sample,
                             Read(row, set_.problems[found->second]));
    if (!samples_.of_problem[found->second]
             .emplace(index, std::move(sample))
             .second) {
      return absl::InvalidArgumentError(absl::StrCat(
          "sample ", index, " of problem '", id, "' is there twice"));
    }
    return absl::OkStatus();
  }

  bool any() const { return any_; }
  StoredSamples Take() { return std::move(samples_); }

 private:
  static absl::StatusOr<StoredSample> Read(const Row& row,
                                           const BenchmarkProblem& problem) {
    StoredSample sample;
    sample.place = row.place;
    LIMBECK_ASSIGN_OR_RETURN(sample.text, row.object.GetString("text"));
    LIMBECK_ASSIGN_OR_RETURN(const std::string reason,
                             row.object.GetString("finish_reason", ""));
    // Where no reason is given, a thought without end tells it.
    sample.truncated = reason == "length" ||
                       (reason.empty() && !AnswerPart(sample.text).has_value());
    if (problem.choices.empty()) return sample;
    LIMBECK_ASSIGN_OR_RETURN(sample.option_order, ReadOptionOrder(row.object));
    LIMBECK_RETURN_IF_ERROR(CheckOptionOrder(
        sample.option_order, static_cast<int>(problem.choices.size())));
    return sample;
  }

  const BenchmarkSet& set_;
  std::map<std::string, size_t> by_id_;
  StoredSamples samples_;
  bool any_ = false;
};

}  // namespace

absl::StatusOr<StoredSamples> ReadStoredSamples(const std::string& path,
                                                const BenchmarkSet& set) {
  SampleReader reader(set);
  LIMBECK_RETURN_IF_ERROR(
      ForEachRow(path, [&](Row& row) { return reader.Add(row); }));
  if (!reader.any()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path,
                     " holds no sample: expected lines of "
                     "{\"problem_id\", \"sample\", \"text\"}"));
  }
  return reader.Take();
}

}  // namespace limbeck
