#include "recipes/console/record_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "data/base/digest.h"
#include "data/base/utf8.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "recipes/console/terminal.h"

namespace limbeck {
namespace {

using google::protobuf::FieldDescriptor;
using ProtoMessage = google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::TextFormat;

constexpr size_t kShownBytes = 160;
constexpr int kShownEntries = 8;

// Of strings and bytes fields, on one line.
std::string ShortText(const std::string& text) {
  const bool is_text = IsValidUtf8(text);
  const std::string shown = is_text ? text : ToHex(text);
  const char* quote = is_text ? "\"" : "";
  if (shown.size() <= kShownBytes) {
    return absl::StrCat(quote, EscapeForTerminal(shown), quote);
  }
  size_t end = kShownBytes;
  while (end > 0 && (static_cast<uint8_t>(shown[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(quote, EscapeForTerminal(shown.substr(0, end)), "...",
                      quote, " (", text.size(), " bytes)");
}

class ShortPrinter {
 public:
  std::string text;

  void Print(const ProtoMessage& message, int depth) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
      if (field->is_repeated()) {
        PrintList(message, *field, depth);
      } else {
        PrintField(message, *field, -1, depth);
      }
    }
  }

 private:
  static std::string Value(const ProtoMessage& message,
                           const FieldDescriptor& field, int index) {
    const Reflection& reflection = *message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      std::string scratch;
      return ShortText(
          index < 0 ? reflection.GetStringReference(message, &field, &scratch)
                    : reflection.GetRepeatedStringReference(message, &field,
                                                            index, &scratch));
    }
    std::string value;
    TextFormat::PrintFieldValueToString(message, &field, index, &value);
    return value;
  }

  void Indent(int depth) { text.append(static_cast<size_t>(2 * depth), ' '); }

  // `index` is -1 for a field that is no list.
  void PrintField(const ProtoMessage& message, const FieldDescriptor& field,
                  int index, int depth) {
    Indent(depth);
    absl::StrAppend(&text, field.name());
    if (field.message_type() == nullptr) {
      absl::StrAppend(&text, ": ", Value(message, field, index), "\n");
      return;
    }
    const Reflection& reflection = *message.GetReflection();
    absl::StrAppend(&text, " {\n");
    Print(index < 0 ? reflection.GetMessage(message, &field)
                    : reflection.GetRepeatedMessage(message, &field, index),
          depth + 1);
    Indent(depth);
    absl::StrAppend(&text, "}\n");
  }

  void PrintList(const ProtoMessage& message, const FieldDescriptor& field,
                 int depth) {
    const int size = message.GetReflection()->FieldSize(message, &field);
    const int shown = std::min(size, kShownEntries);
    const bool one_line = field.message_type() == nullptr &&
                          field.cpp_type() != FieldDescriptor::CPPTYPE_STRING;
    if (!one_line) {
      for (int i = 0; i < shown; ++i) PrintField(message, field, i, depth);
      if (shown == size) return;
      Indent(depth);
      absl::StrAppend(&text, field.name(), ": ... (", size, " in all)\n");
      return;
    }
    Indent(depth);
    absl::StrAppend(&text, field.name(), ": [");
    for (int i = 0; i < shown; ++i) {
      absl::StrAppend(&text, i > 0 ? ", " : "", Value(message, field, i));
    }
    absl::StrAppend(&text, shown < size ? ", ..." : "", "]");
    if (shown < size) absl::StrAppend(&text, " (", size, " in all)");
    text += '\n';
  }
};

}  // namespace

std::string RecordText(const ProtoMessage& record, RecordDetail detail) {
  if (detail == RecordDetail::kShort) {
    ShortPrinter printer;
    printer.Print(record, 0);
    return std::move(printer.text);
  }
  std::string text;
  TextFormat::PrintToString(record, &text);
  return text;
}

}  // namespace limbeck
