// A stack machine over JSON values. The memo keeps texts only: shared lists
// are what makes memo bombs and cycles.
#include "eval/benchmarks/pickle_reader.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "eval/benchmarks/pickle_opcodes.h"

namespace limbeck {
namespace {

constexpr uint8_t kHighestProtocol = 5;
constexpr size_t kMaxKeys = 1024;  // of one dict

struct Entry {
  Json value;
  int depth = 0;  // of what is nested inside
};

class PickleMachine {
 public:
  PickleMachine(absl::string_view bytes, const PickleLimits& limits)
      : bytes_(bytes), limits_(limits) {}

  absl::StatusOr<Json> Run();

 private:
  absl::Status Step(PickleOpcode opcode);
  absl::Status StepText(PickleOpcode opcode);
  absl::Status StepContainer(PickleOpcode opcode);
  absl::Status StepMemo(PickleOpcode opcode);
  absl::Status Refuse(absl::string_view why) const;

  absl::StatusOr<uint64_t> ReadLength(int num_bytes);
  absl::Status PushText(int length_bytes);
  absl::Status Push(Json value, int depth);
  absl::Status Append(std::vector<Entry> values);
  absl::Status SetItems(std::vector<Entry> values);
  absl::StatusOr<std::vector<Entry>> PopToMark();
  absl::StatusOr<std::vector<Entry>> PopLast(size_t count);
  absl::StatusOr<Entry*> Container(Json::Kind kind);
  absl::Status Nest(Entry* outer, const Entry& inner);
  absl::Status Put(uint64_t slot);
  absl::Status Get(uint64_t slot);

  const absl::string_view bytes_;
  const PickleLimits limits_;
  size_t at_ = 0;
  size_t opcode_at_ = 0;
  uint64_t values_made_ = 0;
  uint64_t string_bytes_ = 0;
  std::vector<Entry> stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, std::string> memo_;  // texts by slot
  uint64_t memoized_ = 0;
};

absl::Status PickleMachine::Refuse(absl::string_view why) const {
  return absl::InvalidArgumentError(
      absl::StrCat("pickle opcode ",
                   PickleOpcodeName(static_cast<uint8_t>(bytes_[opcode_at_])),
                   " at byte ", opcode_at_, ": ", why));
}

absl::StatusOr<Json> PickleMachine::Run() {
  while (at_ < bytes_.size()) {
    opcode_at_ = at_;
    const auto opcode = static_cast<PickleOpcode>(bytes_[at_++]);
    if (opcode != PickleOpcode::kStop) {
      LIMBECK_RETURN_IF_ERROR(Step(opcode));
      continue;
    }
    if (stack_.size() != 1 || !marks_.empty()) {
      return Refuse(
          absl::StrCat(stack_.size(), " values are left, expected 1"));
    }
    if (at_ != bytes_.size()) {
      return Refuse(absl::StrCat(bytes_.size() - at_, " bytes follow the end"));
    }
    return std::move(stack_[0].value);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("pickle ends at byte ", bytes_.size(), " without STOP"));
}

absl::Status PickleMachine::Step(PickleOpcode opcode) {
  switch (opcode) {
    case PickleOpcode::kProto: {
      LIMBECK_ASSIGN_OR_RETURN(const uint64_t protocol, ReadLength(1));
      if (protocol <= kHighestProtocol) return absl::OkStatus();
      return Refuse(absl::StrCat("protocol ", protocol, ", at most ",
                                 kHighestProtocol, " is known"));
    }
    case PickleOpcode::kFrame:
      return ReadLength(8).status();
    case PickleOpcode::kMark:
      if (marks_.size() > static_cast<size_t>(limits_.max_depth)) {
        return Refuse("too many marks");
      }
      marks_.push_back(stack_.size());
      return absl::OkStatus();
    case PickleOpcode::kNone:
      return Push(Json(), 0);
    default:
      return StepText(opcode);
  }
}

absl::Status PickleMachine::StepText(PickleOpcode opcode) {
  switch (opcode) {
    case PickleOpcode::kShortBinUnicode:
    case PickleOpcode::kShortBinBytes:
    case PickleOpcode::kShortBinString:
      return PushText(1);
    case PickleOpcode::kBinUnicode:
    case PickleOpcode::kBinBytes:
    case PickleOpcode::kBinString:
      return PushText(4);
    case PickleOpcode::kBinUnicode8:
    case PickleOpcode::kBinBytes8:
      return PushText(8);
    default:
      return StepContainer(opcode);
  }
}

absl::Status PickleMachine::StepContainer(PickleOpcode opcode) {
  switch (opcode) {
    case PickleOpcode::kEmptyList:
      return Push(Json::Array(), 0);
    case PickleOpcode::kEmptyDict:
      return Push(Json::Object(), 0);
    case PickleOpcode::kAppend: {
      LIMBECK_ASSIGN_OR_RETURN(auto values, PopLast(1));
      return Append(std::move(values));
    }
    case PickleOpcode::kSetItem: {
      LIMBECK_ASSIGN_OR_RETURN(auto values, PopLast(2));
      return SetItems(std::move(values));
    }
    case PickleOpcode::kAppends:
    case PickleOpcode::kList: {
      LIMBECK_ASSIGN_OR_RETURN(auto values, PopToMark());
      if (opcode == PickleOpcode::kList) {
        LIMBECK_RETURN_IF_ERROR(Push(Json::Array(), 0));
      }
      return Append(std::move(values));
    }
    case PickleOpcode::kSetItems:
    case PickleOpcode::kDict: {
      LIMBECK_ASSIGN_OR_RETURN(auto values, PopToMark());
      if (opcode == PickleOpcode::kDict) {
        LIMBECK_RETURN_IF_ERROR(Push(Json::Object(), 0));
      }
      return SetItems(std::move(values));
    }
    default:
      return StepMemo(opcode);
  }
}

absl::Status PickleMachine::StepMemo(PickleOpcode opcode) {
  uint64_t slot = memoized_;
  switch (opcode) {
    case PickleOpcode::kMemoize:
      return Put(slot);
    case PickleOpcode::kBinPut: {
      LIMBECK_ASSIGN_OR_RETURN(slot, ReadLength(1));
      return Put(slot);
    }
    case PickleOpcode::kLongBinPut: {
      LIMBECK_ASSIGN_OR_RETURN(slot, ReadLength(4));
      return Put(slot);
    }
    case PickleOpcode::kBinGet: {
      LIMBECK_ASSIGN_OR_RETURN(slot, ReadLength(1));
      return Get(slot);
    }
    case PickleOpcode::kLongBinGet: {
      LIMBECK_ASSIGN_OR_RETURN(slot, ReadLength(4));
      return Get(slot);
    }
    default:
      return Refuse(
          "not among the harmless ones (texts, bytes, lists, dicts, None)");
  }
}

absl::StatusOr<uint64_t> PickleMachine::ReadLength(int num_bytes) {
  if (bytes_.size() - at_ < static_cast<size_t>(num_bytes)) {
    return Refuse("the pickle ends inside");
  }
  uint64_t length = 0;
  for (int i = 0; i < num_bytes; ++i) {
    length |= uint64_t{static_cast<uint8_t>(bytes_[at_++])} << (8 * i);
  }
  return length;
}

absl::Status PickleMachine::PushText(int length_bytes) {
  LIMBECK_ASSIGN_OR_RETURN(const uint64_t length, ReadLength(length_bytes));
  if (length > bytes_.size() - at_) {
    return Refuse(absl::StrCat("a text of ", length, " bytes, ",
                               bytes_.size() - at_, " are left"));
  }
  const absl::string_view text = bytes_.substr(at_, length);
  at_ += length;
  if (!IsValidUtf8(text)) return Refuse("a text whose bytes are no UTF-8");
  return Push(Json(text), 0);
}

absl::Status PickleMachine::Push(Json value, int depth) {
  if (++values_made_ > limits_.max_values) {
    return Refuse(absl::StrCat("more than ", limits_.max_values, " values"));
  }
  if (value.is_string()) string_bytes_ += value.string().size();
  if (string_bytes_ > limits_.max_string_bytes) {
    return Refuse(absl::StrCat("texts of more than ", limits_.max_string_bytes,
                               " bytes together"));
  }
  stack_.push_back({std::move(value), depth});
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Entry>> PickleMachine::PopLast(size_t count) {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - floor < count) {
    return Refuse(absl::StrCat("needs ", count, " values, the stack has ",
                               stack_.size() - floor));
  }
  std::vector<Entry> values(
      std::make_move_iterator(stack_.end() - static_cast<int64_t>(count)),
      std::make_move_iterator(stack_.end()));
  stack_.resize(stack_.size() - count);
  return values;
}

absl::StatusOr<std::vector<Entry>> PickleMachine::PopToMark() {
  if (marks_.empty()) return Refuse("no mark");
  LIMBECK_ASSIGN_OR_RETURN(auto values, PopLast(stack_.size() - marks_.back()));
  marks_.pop_back();
  return values;
}

absl::StatusOr<Entry*> PickleMachine::Container(Json::Kind kind) {
  const size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() == floor || stack_.back().value.kind() != kind) {
    return Refuse(absl::StrCat("the stack's top is not ", JsonKindName(kind)));
  }
  return &stack_.back();
}

absl::Status PickleMachine::Nest(Entry* outer, const Entry& inner) {
  outer->depth = std::max(outer->depth, inner.depth + 1);
  if (outer->depth <= limits_.max_depth) return absl::OkStatus();
  return Refuse(absl::StrCat("nested more than ", limits_.max_depth, " deep"));
}

absl::Status PickleMachine::Append(std::vector<Entry> values) {
  LIMBECK_ASSIGN_OR_RETURN(Entry* const list, Container(Json::Kind::kArray));
  for (Entry& entry : values) {
    LIMBECK_RETURN_IF_ERROR(Nest(list, entry));
    list->value.Push(std::move(entry.value));
  }
  return absl::OkStatus();
}

absl::Status PickleMachine::SetItems(std::vector<Entry> values) {
  LIMBECK_ASSIGN_OR_RETURN(Entry* const dict, Container(Json::Kind::kObject));
  if (values.size() % 2 != 0) return Refuse("a key without value");
  for (size_t i = 0; i < values.size(); i += 2) {
    if (!values[i].value.is_string()) return Refuse("a key that is no text");
    if (dict->value.object().size() >= kMaxKeys) {
      return Refuse(absl::StrCat("a dict of more than ", kMaxKeys, " keys"));
    }
    LIMBECK_RETURN_IF_ERROR(Nest(dict, values[i + 1]));
    dict->value.Set(values[i].value.string(), std::move(values[i + 1].value));
  }
  return absl::OkStatus();
}

absl::Status PickleMachine::Put(uint64_t slot) {
  if (stack_.empty()) return Refuse("nothing to remember");
  memoized_ = std::max(memoized_, slot) + 1;
  memo_.erase(slot);
  if (!stack_.back().value.is_string()) return absl::OkStatus();
  const std::string& text = stack_.back().value.string();
  string_bytes_ += text.size();
  if (string_bytes_ > limits_.max_string_bytes) {
    return Refuse(absl::StrCat("texts of more than ", limits_.max_string_bytes,
                               " bytes together"));
  }
  memo_[slot] = text;
  return absl::OkStatus();
}

absl::Status PickleMachine::Get(uint64_t slot) {
  const auto found = memo_.find(slot);
  if (found == memo_.end()) {
    return Refuse(absl::StrCat("slot ", slot, " holds no text"));
  }
  return Push(Json(found->second), 0);
}

}  // namespace

absl::StatusOr<Json> ReadPickle(absl::string_view bytes,
                                const PickleLimits& limits) {
  return PickleMachine(bytes, limits).Run();
}

}  // namespace limbeck
