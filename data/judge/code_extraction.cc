#include "data/judge/code_extraction.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace limbeck {
namespace {

using Lines = std::vector<absl::string_view>;

constexpr absl::string_view kThinkOpen = "<think>";
constexpr absl::string_view kThinkClose = "</think>";
constexpr size_t kMinFence = 3;

enum class TagFit { kOther, kNoTag, kLanguage };

struct Block {
  TagFit fit = TagFit::kOther;
  std::string code;
};

// A line of at least three ` or ~, what stands before and behind them.
struct Fence {
  size_t indent = 0;
  size_t length = 0;
  char mark = '`';
  absl::string_view tag;  // stripped
};

std::optional<Fence> ParseFence(absl::string_view line) {
  Fence fence;
  fence.indent = std::min(line.find_first_not_of(" \t"), line.size());
  line.remove_prefix(fence.indent);
  if (line.empty() || (line[0] != '`' && line[0] != '~')) return std::nullopt;
  fence.mark = line[0];
  fence.length = std::min(line.find_first_not_of(fence.mark), line.size());
  if (fence.length < kMinFence) return std::nullopt;
  fence.tag = absl::StripAsciiWhitespace(line.substr(fence.length));
  // ```code``` on one line opens nothing.
  if (absl::StrContains(fence.tag, fence.mark)) return std::nullopt;
  return fence;
}

bool Closes(const Fence& fence, const Fence& open) {
  return fence.mark == open.mark && fence.length >= open.length &&
         fence.tag.empty();
}

TagFit FitOf(absl::string_view tag, ProgramLanguage language) {
  if (tag.empty()) return TagFit::kNoTag;
  const std::string word =
      absl::AsciiStrToLower(tag.substr(0, tag.find_first_of(" \t,:{")));
  const bool python = word == "python" || word == "py" || word == "python3";
  const bool cpp = word == "cpp" || word == "c++" || word == "cc" ||
                   word == "cxx" || word == "c++17";
  const bool fits = language == ProgramLanguage::kPython ? python : cpp;
  return fits ? TagFit::kLanguage : TagFit::kOther;
}

// Without up to `indent` blanks at its start.
absl::string_view Outdent(absl::string_view line, size_t indent) {
  const size_t blanks = std::min(line.find_first_not_of(" \t"), line.size());
  return line.substr(std::min(blanks, indent));
}

std::vector<Block> FencedBlocks(absl::string_view text,
                                ProgramLanguage language) {
  std::vector<Block> blocks;
  std::optional<Fence> open;
  Lines code;
  const auto close = [&] {
    std::string joined = absl::StrJoin(code, "\n");
    code.clear();
    if (!absl::StripAsciiWhitespace(joined).empty()) {
      blocks.push_back({FitOf(open->tag, language), std::move(joined)});
    }
    open.reset();
  };
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::ConsumeSuffix(&line, "\r");
    const std::optional<Fence> fence = ParseFence(line);
    if (!open.has_value()) {
      open = fence;
    } else if (fence.has_value() && Closes(*fence, *open)) {
      close();
    } else {
      code.push_back(Outdent(line, open->indent));
    }
  }
  if (open.has_value()) close();
  return blocks;
}

std::optional<absl::string_view> AfterThinking(absl::string_view answer) {
  const size_t close = answer.rfind(kThinkClose);
  if (close != absl::string_view::npos) {
    answer.remove_prefix(close + kThinkClose.size());
  }
  if (absl::StrContains(answer, kThinkOpen)) return std::nullopt;
  return answer;
}

std::optional<std::string> ExtractSound(absl::string_view answer,
                                        ProgramLanguage language) {
  const std::optional<absl::string_view> text = AfterThinking(answer);
  if (!text.has_value()) return std::nullopt;
  std::vector<Block> blocks = FencedBlocks(*text, language);
  // The best fit; of equal ones the last.
  const auto best = std::max_element(
      blocks.rbegin(), blocks.rend(),
      [](const Block& a, const Block& b) { return a.fit < b.fit; });
  if (best == blocks.rend()) return std::nullopt;
  return std::move(best->code);
}

std::optional<std::string> ExtractCompat(absl::string_view answer) {
  const Lines lines = absl::StrSplit(answer, '\n');
  std::vector<size_t> fences;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (absl::StrContains(lines[i], "```")) fences.push_back(i);
  }
  if (fences.size() < 2) return std::nullopt;
  const auto begin = lines.begin() + static_cast<long>(fences.end()[-2]) + 1;
  const auto end = lines.begin() + static_cast<long>(fences.back());
  return absl::StrJoin(begin, end, "\n");
}

}  // namespace

std::optional<std::string> ExtractCode(absl::string_view answer,
                                       ProgramLanguage language,
                                       VerifyMode mode) {
  return mode == VerifyMode::kCompat ? ExtractCompat(answer)
                                     : ExtractSound(answer, language);
}

}  // namespace limbeck
