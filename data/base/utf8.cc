#include "data/base/utf8.h"

#include "data/base/check.h"

namespace limbeck {
namespace {

// What may follow a first byte: the number of further bytes and the range of
// the second one (RFC 3629, section 4).
struct Lead {
  size_t more = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
};

Lead LeadOf(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return {.more = 1};
  if (first == 0xE0) return {.more = 2, .low = 0xA0};
  if (first == 0xED) return {.more = 2, .high = 0x9F};
  if (first >= 0xE1 && first <= 0xEF) return {.more = 2};
  if (first == 0xF0) return {.more = 3, .low = 0x90};
  if (first == 0xF4) return {.more = 3, .high = 0x8F};
  if (first >= 0xF1 && first <= 0xF3) return {.more = 3};
  return {};
}

}  // namespace

size_t Utf8SequenceBytes(absl::string_view bytes) {
  if (bytes.empty()) return 0;
  const auto at = [&](size_t i) {
    return static_cast<unsigned char>(bytes[i]);
  };
  if (at(0) < 0x80) return 1;
  const Lead lead = LeadOf(at(0));
  if (lead.more == 0 || bytes.size() <= lead.more) return 0;
  if (at(1) < lead.low || at(1) > lead.high) return 0;
  for (size_t i = 2; i <= lead.more; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  return lead.more + 1;
}

bool IsUtf8Prefix(absl::string_view bytes) {
  if (bytes.empty()) return false;
  const auto at = [&](size_t i) {
    return static_cast<unsigned char>(bytes[i]);
  };
  const Lead lead = LeadOf(at(0));
  if (bytes.size() > lead.more) return false;
  if (bytes.size() > 1 && (at(1) < lead.low || at(1) > lead.high)) return false;
  for (size_t i = 2; i < bytes.size(); ++i) {
    if ((at(i) & 0xC0) != 0x80) return false;
  }
  return true;
}

bool IsValidUtf8(absl::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = Utf8SequenceBytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

void AppendUtf8(uint32_t code_point, std::string* out) {
  LIMBECK_CHECK_LE(code_point, 0x10FFFFu);
  LIMBECK_CHECK(code_point < 0xD800 || code_point > 0xDFFF);
  const auto continuation = [&](int shift) {
    out->push_back(static_cast<char>(0x80 | (code_point >> shift & 0x3F)));
  };
  if (code_point < 0x80) {
    out->push_back(static_cast<char>(code_point));
  } else if (code_point < 0x800) {
    out->push_back(static_cast<char>(0xC0 | code_point >> 6));
    continuation(0);
  } else if (code_point < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | code_point >> 12));
    continuation(6);
    continuation(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | code_point >> 18));
    continuation(12);
    continuation(6);
    continuation(0);
  }
}

}  // namespace limbeck
