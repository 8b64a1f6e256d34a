// Json values to text.
#include <array>
#include <charconv>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/base/json.h"
#include "data/base/utf8.h"

namespace limbeck {
namespace {

constexpr int kCompact = -1;

// Replaces each byte that belongs to no well-formed sequence by U+FFFD.
size_t AppendSequence(absl::string_view rest, std::string* out) {
  const size_t length = Utf8SequenceBytes(rest);
  if (length == 0) {
    out->append(kReplacementCharacter.data(), kReplacementCharacter.size());
    return 1;
  }
  out->append(rest.data(), length);
  return length;
}

void AppendControl(unsigned char byte, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (byte) {
    case '\b':
      out->append("\\b");
      return;
    case '\f':
      out->append("\\f");
      return;
    case '\n':
      out->append("\\n");
      return;
    case '\r':
      out->append("\\r");
      return;
    case '\t':
      out->append("\\t");
      return;
    default:
      out->append("\\u00");
      out->push_back(kDigits[byte >> 4]);
      out->push_back(kDigits[byte & 15]);
  }
}

void AppendString(absl::string_view text, std::string* out) {
  out->push_back('"');
  while (!text.empty()) {
    const unsigned char byte = static_cast<unsigned char>(text[0]);
    size_t used = 1;
    if (byte < 0x20) {
      AppendControl(byte, out);
    } else if (byte == '"' || byte == '\\') {
      out->push_back('\\');
      out->push_back(text[0]);
    } else {
      used = AppendSequence(text, out);
    }
    text.remove_prefix(used);
  }
  out->push_back('"');
}

void AppendDouble(double value, std::string* out) {
  if (!std::isfinite(value)) {
    out->append("null");
    return;
  }
  std::array<char, 32> buffer;
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  LIMBECK_CHECK(error == std::errc());
  const absl::string_view text(buffer.data(),
                               static_cast<size_t>(end - buffer.data()));
  absl::StrAppend(out, text);
  // Without a point it would read back as an integer.
  if (text.find_first_of(".e") == absl::string_view::npos) out->append(".0");
}

class Writer {
 public:
  explicit Writer(int indent) : indent_(indent) {}

  void Append(const Json& value);
  std::string Take() { return std::move(out_); }

 private:
  void AppendArray(const JsonArray& array);
  void AppendObject(const JsonObject& object);
  void NewLine();

  int indent_;  // current indentation, or kCompact
  std::string out_;
};

void Writer::NewLine() {
  if (indent_ == kCompact) return;
  out_.push_back('\n');
  out_.append(static_cast<size_t>(indent_), ' ');
}

void Writer::AppendArray(const JsonArray& array) {
  out_.push_back('[');
  if (indent_ != kCompact) indent_ += 2;
  for (size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out_.push_back(',');
    NewLine();
    Append(array[i]);
  }
  if (indent_ != kCompact) indent_ -= 2;
  if (!array.empty()) NewLine();
  out_.push_back(']');
}

void Writer::AppendObject(const JsonObject& object) {
  out_.push_back('{');
  if (indent_ != kCompact) indent_ += 2;
  for (size_t i = 0; i < object.size(); ++i) {
    if (i > 0) out_.push_back(',');
    NewLine();
    AppendString(object[i].first, &out_);
    out_.append(indent_ == kCompact ? ":" : ": ");
    Append(object[i].second);
  }
  if (indent_ != kCompact) indent_ -= 2;
  if (!object.empty()) NewLine();
  out_.push_back('}');
}

void Writer::Append(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::kNull:
      out_.append("null");
      return;
    case Json::Kind::kBool:
      out_.append(value.boolean() ? "true" : "false");
      return;
    case Json::Kind::kInt:
      absl::StrAppend(&out_, value.integer());
      return;
    case Json::Kind::kUint:
      absl::StrAppend(&out_, value.unsigned_integer());
      return;
    case Json::Kind::kDouble:
      AppendDouble(value.number(), &out_);
      return;
    case Json::Kind::kString:
      AppendString(value.string(), &out_);
      return;
    case Json::Kind::kArray:
      AppendArray(value.array());
      return;
    case Json::Kind::kObject:
      AppendObject(value.object());
      return;
  }
}

}  // namespace

std::string WriteJson(const Json& value) {
  Writer writer(kCompact);
  writer.Append(value);
  return writer.Take();
}

std::string WriteJsonIndented(const Json& value) {
  Writer writer(/*indent=*/0);
  writer.Append(value);
  return writer.Take();
}

}  // namespace limbeck
