#include "data/stages/agreement.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr uint64_t kMaxAgreementBytes = uint64_t{256} << 20;
constexpr std::array<absl::string_view, 4> kVerdictNames = {"none", "correct",
                                                            "wrong", "unknown"};

absl::string_view NameOf(Verdict verdict) {
  return kVerdictNames[static_cast<size_t>(verdict) % kVerdictNames.size()];
}

absl::StatusOr<size_t> VerdictIndex(const Json& json, absl::string_view key) {
  LIMBECK_ASSIGN_OR_RETURN(const std::string name, json.GetString(key));
  for (size_t i = 0; i < kVerdictNames.size(); ++i) {
    if (kVerdictNames[i] == name) return i;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", key, "\" is \"", name, "\", no verdict"));
}

Json DisagreementToJson(const Disagreement& item) {
  Json json = Json::Object();
  json.Set("trace_id", item.trace_id)
      .Set("problem_id", item.problem_id)
      .Set("teacher", item.teacher)
      .Set("dataset", item.dataset)
      .Set("row", item.row)
      .Set("label", item.label)
      .Set("verdict", item.verdict)
      .Set("extracted", item.extracted)
      .Set("gold", item.gold);
  return json;
}

absl::StatusOr<Disagreement> DisagreementFromJson(const Json& json) {
  Disagreement item;
  LIMBECK_ASSIGN_OR_RETURN(item.trace_id, json.GetString("trace_id"));
  LIMBECK_ASSIGN_OR_RETURN(item.problem_id, json.GetString("problem_id"));
  LIMBECK_ASSIGN_OR_RETURN(item.teacher, json.GetString("teacher"));
  LIMBECK_ASSIGN_OR_RETURN(item.dataset, json.GetString("dataset"));
  LIMBECK_ASSIGN_OR_RETURN(item.row, json.GetInt("row"));
  LIMBECK_ASSIGN_OR_RETURN(item.label, json.GetString("label"));
  LIMBECK_ASSIGN_OR_RETURN(item.verdict, json.GetString("verdict"));
  LIMBECK_ASSIGN_OR_RETURN(item.extracted, json.GetString("extracted"));
  LIMBECK_ASSIGN_OR_RETURN(item.gold, json.GetString("gold"));
  return item;
}

absl::StatusOr<JsonArray> GetArray(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  if (value == nullptr || !value->is_array()) {
    return absl::InvalidArgumentError(absl::StrCat("no array \"", key, "\""));
  }
  return value->array();
}

void Merge(AgreementTable part, AgreementTable& sum) {
  sum.compared_with = std::move(part.compared_with);
  for (size_t label = 0; label < 4; ++label) {
    for (size_t verdict = 0; verdict < 4; ++verdict) {
      sum.traces[label][verdict] += part.traces[label][verdict];
    }
  }
  std::move(part.disagreements.begin(), part.disagreements.end(),
            std::back_inserter(sum.disagreements));
}

}  // namespace

uint64_t AgreementTable::labelled() const {
  uint64_t sum = 0;
  for (size_t label = 1; label < 4; ++label) {
    for (const uint64_t count : traces[label]) sum += count;
  }
  return sum;
}

uint64_t AgreementTable::agreeing() const {
  return traces[1][1] + traces[2][2] + traces[3][3];
}

void AddToAgreement(const Trace& trace, AgreementTable& table) {
  if (trace.verifications().empty()) return;
  const Verification& ours =
      trace.verifications(trace.verifications_size() - 1);
  Verdict label = VERDICT_UNSPECIFIED;
  for (int i = 0; i + 1 < trace.verifications_size(); ++i) {
    if (trace.verifications(i).method() == table.compared_with) {
      label = trace.verifications(i).verdict();
    }
  }
  ++table.traces[static_cast<size_t>(label) % 4]
                [static_cast<size_t>(ours.verdict()) % 4];
  if (label == VERDICT_UNSPECIFIED || label == ours.verdict()) return;
  const Source& source = trace.problem().source();
  table.disagreements.push_back(
      {ToHex(trace.id()), ToHex(trace.problem().id()), trace.teacher().name(),
       source.dataset(), source.row(), std::string(NameOf(label)),
       std::string(NameOf(ours.verdict())), ours.extracted(),
       trace.problem().gold_answer()});
}

Json AgreementToJson(const AgreementTable& table) {
  Json cells = Json::Array();
  for (size_t label = 0; label < 4; ++label) {
    for (size_t verdict = 0; verdict < 4; ++verdict) {
      if (table.traces[label][verdict] == 0) continue;
      Json cell = Json::Object();
      cell.Set("label", kVerdictNames[label])
          .Set("verdict", kVerdictNames[verdict])
          .Set("traces", table.traces[label][verdict]);
      cells.Push(std::move(cell));
    }
  }
  Json disagreements = Json::Array();
  for (const Disagreement& item : table.disagreements) {
    disagreements.Push(DisagreementToJson(item));
  }
  Json json = Json::Object();
  json.Set("compared_with", table.compared_with)
      .Set("labelled", table.labelled())
      .Set("agreeing", table.agreeing())
      .Set("table", std::move(cells))
      .Set("disagreements", std::move(disagreements));
  return json;
}

absl::StatusOr<AgreementTable> AgreementFromJson(const Json& json) {
  AgreementTable table;
  LIMBECK_ASSIGN_OR_RETURN(table.compared_with,
                           json.GetString("compared_with"));
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray cells, GetArray(json, "table"));
  for (const Json& cell : cells) {
    LIMBECK_ASSIGN_OR_RETURN(const size_t label, VerdictIndex(cell, "label"));
    LIMBECK_ASSIGN_OR_RETURN(const size_t verdict,
                             VerdictIndex(cell, "verdict"));
    LIMBECK_ASSIGN_OR_RETURN(const int64_t count, cell.GetInt("traces"));
    table.traces[label][verdict] = static_cast<uint64_t>(count);
  }
  LIMBECK_ASSIGN_OR_RETURN(const JsonArray items,
                           GetArray(json, "disagreements"));
  for (const Json& item : items) {
    LIMBECK_ASSIGN_OR_RETURN(Disagreement parsed, DisagreementFromJson(item));
    table.disagreements.push_back(std::move(parsed));
  }
  return table;
}

absl::StatusOr<AgreementTable> ReadAgreement(const Artefact& artefact) {
  AgreementTable sum;
  for (int part = 0; part < artefact.num_partitions(); ++part) {
    const std::string path = artefact.Path(part, kAgreementFile);
    if (!FileExists(path)) {
      return absl::NotFoundError(absl::StrCat(
          path, " does not exist: the stage ran without compare_with"));
    }
    LIMBECK_ASSIGN_OR_RETURN(const std::string text,
                             ReadFile(path, kMaxAgreementBytes));
    LIMBECK_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
    LIMBECK_ASSIGN_OR_RETURN(AgreementTable table, AgreementFromJson(json));
    Merge(std::move(table), sum);
  }
  return sum;
}

}  // namespace limbeck
