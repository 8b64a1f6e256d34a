// The one file that includes PCRE2. No just-in-time compiler: its work is not
// counted in the same steps.
#include "data/verify/pattern.h"

#include <algorithm>
#include <array>
#include <utility>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

constexpr size_t kMaxPatternBytes = 4096;
constexpr size_t kMaxTextBytes = size_t{64} << 10;
// Steps of backtracking in all, about 20 ms, and what they may hold.
constexpr size_t kMaxSteps = 200'000;
constexpr size_t kMinStepsPerPlace = 30;
constexpr uint32_t kMaxHeapKibibytes = 4096;
constexpr uint32_t kMaxNestedGroups = 100;

struct FreeCompileContext {
  void operator()(pcre2_compile_context* context) const {
    pcre2_compile_context_free(context);
  }
};
struct FreeMatchData {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct FreeMatchContext {
  void operator()(pcre2_match_context* context) const {
    pcre2_match_context_free(context);
  }
};
struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};

std::string ErrorText(int error) {
  std::array<PCRE2_UCHAR, 256> text{};
  pcre2_get_error_message(error, text.data(), text.size());
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace

struct Pattern::Code {
  bool anywhere = false;
  std::unique_ptr<pcre2_code, FreeCode> code;
};

Pattern::Pattern(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

absl::StatusOr<Pattern> Pattern::Create(absl::string_view pattern,
                                        const PatternOptions& options) {
  if (pattern.size() > kMaxPatternBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern has ", pattern.size(), " bytes, allowed are ",
                     kMaxPatternBytes));
  }
  const std::unique_ptr<pcre2_compile_context, FreeCompileContext> context(
      pcre2_compile_context_create(nullptr));
  pcre2_set_parens_nest_limit(context.get(), kMaxNestedGroups);
  uint32_t flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C;
  if (options.ignore_case) flags |= PCRE2_CASELESS;
  if (!options.anywhere) flags |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()),
                                 pattern.size(), flags, &error, &offset,
                                 context.get()));
  code->anywhere = options.anywhere;
  if (code->code == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(
        "pattern '", pattern, "', byte ", offset, ": ", ErrorText(error)));
  }
  return Pattern(std::move(code));
}

PatternMatch Pattern::Match(absl::string_view text) const {
  if (text.size() > kMaxTextBytes) return PatternMatch::kGivenUp;
  const std::unique_ptr<pcre2_match_context, FreeMatchContext> context(
      pcre2_match_context_create(nullptr));
  // PCRE2 counts anew at each place where a match may begin.
  const size_t places = code_->anywhere ? text.size() + 1 : 1;
  const auto steps =
      static_cast<uint32_t>(std::max(kMaxSteps / places, kMinStepsPerPlace));
  pcre2_set_match_limit(context.get(), steps);
  pcre2_set_depth_limit(context.get(), steps);
  pcre2_set_heap_limit(context.get(), kMaxHeapKibibytes);
  const std::unique_ptr<pcre2_match_data, FreeMatchData> data(
      pcre2_match_data_create(1, nullptr));
  const int found =
      pcre2_match(code_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                  text.size(), 0, 0, data.get(), context.get());
  if (found >= 0) return PatternMatch::kMatches;
  const bool bad_utf8 =
      found <= PCRE2_ERROR_UTF8_ERR1 && found >= PCRE2_ERROR_UTF8_ERR21;
  if (found == PCRE2_ERROR_NOMATCH || bad_utf8) return PatternMatch::kDiffers;
  return PatternMatch::kGivenUp;
}

}  // namespace limbeck
