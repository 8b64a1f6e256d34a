// Values as text: str(), repr() and json.dumps() of Python.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"
#include "data/text/jinja/value.h"
#include "data/text/unicode_classes.h"

namespace limbeck::jinja {
namespace {

// Whether repr() of a string shows the character as it is. Outside ASCII only
// those classes are known to be printable.
bool IsPlainInRepr(const Character& character) {
  if (character.code < 0x80) {
    return character.code >= 0x20 && character.code != 0x7F;
  }
  return character.In(kLetters | kMarks | kNumbers | kPunctuationAndSymbols);
}

absl::StatusOr<std::string> ReprOfText(const std::string& text) {
  const bool double_quoted =
      absl::StrContains(text, '\'') && !absl::StrContains(text, '"');
  const char quote = double_quoted ? '"' : '\'';
  std::string out(1, quote);
  for (size_t at = 0; at < text.size();) {
    const Character character = ReadCharacter(text, at);
    const absl::string_view bytes =
        absl::string_view(text).substr(at, character.bytes);
    at += character.bytes;
    if (bytes == "\\" || bytes == absl::string_view(&quote, 1)) {
      absl::StrAppend(&out, "\\", bytes);
    } else if (bytes == "\n") {
      out += "\\n";
    } else if (bytes == "\r") {
      out += "\\r";
    } else if (bytes == "\t") {
      out += "\\t";
    } else if (IsPlainInRepr(character)) {
      absl::StrAppend(&out, bytes);
    } else if (character.code < 0x80) {
      absl::StrAppendFormat(&out, "\\x%02x", character.code);
    } else {
      return absl::UnimplementedError(
          absl::StrFormat("a list or dict with the character U+%04X in a text "
                          "cannot be printed",
                          character.code));
    }
  }
  out.push_back(quote);
  return out;
}

absl::StatusOr<std::string> ToRepr(const Value& value) {
  if (value.is_string()) return ReprOfText(value.string());
  if (value.is_undefined()) return std::string("Undefined");
  if (value.is_list()) {
    std::string out = value.is_tuple() ? "(" : "[";
    for (const Value& item : value.list()) {
      LIMBECK_ASSIGN_OR_RETURN(const std::string text, ToRepr(item));
      absl::StrAppend(&out, out.size() > 1 ? ", " : "", text);
    }
    if (!value.is_tuple()) return out + "]";
    return out + (value.list().size() == 1 ? ",)" : ")");
  }
  if (value.is_dict()) {
    std::string out = "{";
    for (const auto& [key, member] : value.dict()) {
      LIMBECK_ASSIGN_OR_RETURN(const std::string name, ReprOfText(key));
      LIMBECK_ASSIGN_OR_RETURN(const std::string text, ToRepr(member));
      absl::StrAppend(&out, out.size() > 1 ? ", " : "", name, ": ", text);
    }
    return out + "}";
  }
  return ToText(value);
}

void AppendJsonText(const std::string& text, bool ensure_ascii,
                    std::string* out) {
  out->push_back('"');
  for (size_t at = 0; at < text.size();) {
    const Character character = ReadCharacter(text, at);
    const absl::string_view bytes =
        absl::string_view(text).substr(at, character.bytes);
    at += character.bytes;
    const uint32_t code = character.code;
    if (code == '"' || code == '\\') {
      absl::StrAppend(out, "\\", bytes);
    } else if (code == '\n') {
      *out += "\\n";
    } else if (code == '\r') {
      *out += "\\r";
    } else if (code == '\t') {
      *out += "\\t";
    } else if (code == '\b') {
      *out += "\\b";
    } else if (code == '\f') {
      *out += "\\f";
    } else if (code < 0x20 ||
               (ensure_ascii && code >= 0x7F && code < 0x10000)) {
      if (code == 0x7F) {
        out->push_back('\x7F');
      } else {
        absl::StrAppendFormat(out, "\\u%04x", code);
      }
    } else if (ensure_ascii && code >= 0x10000 && code != UINT32_MAX) {
      absl::StrAppendFormat(out, "\\u%04x\\u%04x",
                            0xD800 + ((code - 0x10000) >> 10),
                            0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      absl::StrAppend(out, bytes);
    }
  }
  out->push_back('"');
}

// Writes one value after the other into one text.
class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}

  absl::Status Write(const Value& value, int64_t depth) {
    if (value.is_string()) {
      AppendJsonText(value.string(), style_.ensure_ascii, &out_);
    } else if (value.is_none()) {
      out_ += "null";
    } else if (value.is_bool()) {
      out_ += value.IsTrue() ? "true" : "false";
    } else if (value.is_int()) {
      absl::StrAppend(&out_, value.integer());
    } else if (value.is_float()) {
      AppendFloat(value.number());
    } else if (value.is_list()) {
      return WriteList(value.list(), depth);
    } else if (value.is_dict()) {
      return WriteDict(value.dict(), depth);
    } else {
      return absl::InvalidArgumentError(absl::StrCat(
          "tojson: a value of type ", value.TypeName(), " is no JSON"));
    }
    return absl::OkStatus();
  }

  std::string Take() { return std::move(out_); }

 private:
  void AppendFloat(double value) {
    if (std::isnan(value)) {
      out_ += "NaN";
    } else if (std::isinf(value)) {
      out_ += value > 0 ? "Infinity" : "-Infinity";
    } else {
      out_ += FloatText(value);
    }
  }

  void BreakLine(int64_t depth) {
    if (style_.indent < 0) return;
    out_.push_back('\n');
    out_.append(static_cast<size_t>(style_.indent * depth), ' ');
  }

  absl::Status WriteList(const List& list, int64_t depth) {
    out_.push_back('[');
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      BreakLine(depth + 1);
      LIMBECK_RETURN_IF_ERROR(Write(list[i], depth + 1));
    }
    if (!list.empty()) BreakLine(depth);
    out_.push_back(']');
    return absl::OkStatus();
  }

  absl::Status WriteDict(Dict dict, int64_t depth) {
    if (style_.sort_keys) {
      std::stable_sort(
          dict.begin(), dict.end(),
          [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    out_.push_back('{');
    for (size_t i = 0; i < dict.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      BreakLine(depth + 1);
      AppendJsonText(dict[i].first, style_.ensure_ascii, &out_);
      out_ += style_.key_separator;
      LIMBECK_RETURN_IF_ERROR(Write(dict[i].second, depth + 1));
    }
    if (!dict.empty()) BreakLine(depth);
    out_.push_back('}');
    return absl::OkStatus();
  }

  const JsonStyle& style_;
  std::string out_;
};

}  // namespace

// The shortest digits that read back; plain from 1e-4 to below 1e16.
std::string FloatText(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 512> buffer;
  const double size = std::abs(value);
  const bool plain = size == 0.0 || (size >= 1e-4 && size < 1e16);
  const auto end = std::to_chars(
      buffer.data(), buffer.data() + buffer.size(), value,
      plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text(buffer.data(), end.ptr);
  if (plain && !absl::StrContains(text, '.')) text += ".0";
  return text;
}

absl::StatusOr<std::string> ToText(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_undefined()) return std::string();
  if (value.is_none()) return std::string("None");
  if (value.is_bool()) return std::string(value.IsTrue() ? "True" : "False");
  if (value.is_int()) return absl::StrCat(value.integer());
  if (value.is_float()) return FloatText(value.number());
  if (value.is_list() || value.is_dict()) return ToRepr(value);
  return absl::InvalidArgumentError(
      absl::StrCat("a ", value.TypeName(), " cannot be printed"));
}

absl::StatusOr<std::string> ToJson(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  LIMBECK_RETURN_IF_ERROR(writer.Write(value, 0));
  return writer.Take();
}

}  // namespace limbeck::jinja
