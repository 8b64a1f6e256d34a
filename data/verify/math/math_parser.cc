#include "data/verify/math/math_parser.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/math_parser_state.h"
#include "data/verify/math/math_tokens.h"
#include "data/verify/math/math_unicode.h"

namespace limbeck {
namespace {

// Without recursion: it guards those that recur. 5%%%... is flat text.
bool IsTooHigh(const Expression* root) {
  std::vector<std::pair<const Expression*, int>> open = {{root, 1}};
  while (!open.empty()) {
    const auto [node, height] = open.back();
    open.pop_back();
    if (height > kMaxMathHeight) return true;
    for (const ExpressionPtr& child : node->children) {
      open.emplace_back(child.get(), height + 1);
    }
  }
  return false;
}

}  // namespace

MathParser::MathParser(TokenStream stream, absl::string_view source,
                       const MathOptions& options, unsigned reading)
    : stream_(std::move(stream)),
      source_(source),
      options_(options),
      reading_(reading),
      ambiguities_(stream_.ambiguities) {}

bool MathParser::DepthGuard::too_deep() const {
  if (parser_->depth_ <= kMaxMathDepth) return false;
  if (parser_->error_.ok()) {
    parser_->error_ = absl::ResourceExhaustedError(absl::StrCat(
        "more than ", kMaxMathDepth, " levels of brackets and operators"));
  }
  return true;
}

const MathToken& MathParser::peek(size_t ahead) const {
  const size_t last = stream_.tokens.size() - 1;
  return stream_.tokens[place_ + ahead < last ? place_ + ahead : last];
}

void MathParser::Advance() {
  if (place_ + 1 >= stream_.tokens.size()) return;
  read_to_ = stream_.tokens[place_].end;
  ++place_;
}

bool MathParser::Accept(TokenKind kind) {
  if (!At(kind)) return false;
  Advance();
  return true;
}

ExpressionPtr MathParser::Fail(absl::string_view what) {
  if (error_.ok()) {
    error_ = absl::InvalidArgumentError(
        absl::StrCat(what, " at byte ", peek().begin));
  }
  return nullptr;
}

ExpressionPtr MathParser::Count(ExpressionPtr node) {
  if (node == nullptr || ++nodes_ <= kMaxMathNodes) return node;
  if (error_.ok()) {
    error_ = absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxMathNodes, " nodes"));
  }
  return nullptr;
}

std::string MathParser::SourceFrom(size_t begin) const {
  std::string text;
  for (const char c :
       source_.substr(begin, read_to_ > begin ? read_to_ - begin : 0)) {
    if (!absl::ascii_isspace(c)) text.push_back(c);
  }
  return text;
}

bool ClosesBracket(TokenKind kind) {
  switch (kind) {
    case TokenKind::kCloseParen:
    case TokenKind::kCloseBracket:
    case TokenKind::kCloseBrace:
    case TokenKind::kCloseSet:
    case TokenKind::kCloseBar:
    case TokenKind::kCloseFloor:
    case TokenKind::kCloseCeil:
    case TokenKind::kCloseAngle:
      return true;
    default:
      return false;
  }
}

bool IsProse(absl::string_view letters) {
  if (letters.size() < 4) return false;
  for (const char c : letters) {
    if (absl::StrContains("aeiouyAEIOUY", absl::string_view(&c, 1)) ||
        static_cast<unsigned char>(c) >= 0x80) {
      return true;
    }
  }
  return false;
}

std::string PlainWords(absl::string_view text) {
  std::string words;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      size_t end = i + 1;
      while (end < text.size() && absl::ascii_isalpha(text[end])) ++end;
      const absl::string_view command = text.substr(i + 1, end - i - 1);
      // A command that means something stays as its name.
      if (!IsTextCommand(command) && !IsIgnoredCommand(command) &&
          !IsTransparentCommand(command) && command != "quad") {
        absl::StrAppend(&words, " ", command);
      }
      words.push_back(' ');
      i = end > i + 1 ? end - 1 : i + 1;
    } else if (absl::StrContains("{}$\"", absl::string_view(&c, 1))) {
      continue;
    } else if (absl::ascii_isspace(c) ||
               absl::StrContains(".,;:!?()~", absl::string_view(&c, 1))) {
      words.push_back(' ');
    } else {
      words.push_back(absl::ascii_tolower(static_cast<unsigned char>(c)));
    }
  }
  absl::RemoveExtraAsciiWhitespace(&words);
  absl::string_view rest = words;
  for (const absl::string_view article : {"the ", "an ", "a "}) {
    if (absl::ConsumePrefix(&rest, article)) break;
  }
  return std::string(rest);
}

absl::StatusOr<ParsedMath> ParseMath(absl::string_view text,
                                     const MathOptions& options,
                                     unsigned reading) {
  if (text.size() > size_t{kMaxMathBytes}) {
    return absl::ResourceExhaustedError(
        absl::StrCat("an answer of ", text.size(), " bytes; at most ",
                     kMaxMathBytes, " are read"));
  }
  const std::string source = SpellUnicodeInLatex(text);
  LIMBECK_ASSIGN_OR_RETURN(TokenStream stream, TokenizeMath(source, reading));
  // A line break at the end of what was cut out of a longer text.
  std::vector<MathToken>& tokens = stream.tokens;
  while (tokens.size() >= 2 &&
         (tokens[tokens.size() - 2].kind == TokenKind::kNewline ||
          tokens[tokens.size() - 2].kind == TokenKind::kQuad)) {
    tokens.erase(tokens.end() - 2);
  }
  MathParser parser(std::move(stream), source, options, reading);
  ParsedMath parsed;
  parsed.root = parser.ParseAnswer();
  if (parsed.root == nullptr) return parser.error();
  if (IsTooHigh(parsed.root.get())) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a tree of more than ", kMaxMathHeight, " nodes in each other"));
  }
  parsed.ambiguities = parser.ambiguities();
  return parsed;
}

}  // namespace limbeck
