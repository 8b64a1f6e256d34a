// How our verdicts compare with labels that came with the traces.
#ifndef LIMBECK_DATA_STAGES_AGREEMENT_H_
#define LIMBECK_DATA_STAGES_AGREEMENT_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/records.pb.h"
#include "data/stages/artefact.h"

namespace limbeck {

inline constexpr absl::string_view kAgreementFile = "agreement.json";

// One trace on which label and verdict differ.
struct Disagreement {
  std::string trace_id;  // hex
  std::string problem_id;
  std::string teacher;
  std::string dataset;
  int64_t row = 0;
  std::string label;    // "correct", "wrong", "unknown"
  std::string verdict;  // ours
  std::string extracted;
  std::string gold;
};

struct AgreementTable {
  std::string compared_with;  // method of the label
  // traces[label][verdict], indexed by Verdict; label 0: the trace has none.
  std::array<std::array<uint64_t, 4>, 4> traces = {};
  std::vector<Disagreement> disagreements;  // in record order

  uint64_t labelled() const;
  uint64_t agreeing() const;
};

// Counts the trace: its last verification of method `compared_with` against
// its very last verification, which is ours.
void AddToAgreement(const Trace& trace, AgreementTable& table);

Json AgreementToJson(const AgreementTable& table);
absl::StatusOr<AgreementTable> AgreementFromJson(const Json& json);

// Sum over the partitions of a verify artefact; NotFound when it was run
// without compare_with.
absl::StatusOr<AgreementTable> ReadAgreement(const Artefact& artefact);

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_AGREEMENT_H_
