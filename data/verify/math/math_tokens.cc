#include "data/verify/math/math_tokens.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/status_macros.h"
#include "data/verify/math/math_limits.h"
#include "data/verify/math/math_number_scan.h"
#include "data/verify/math/math_unicode.h"

namespace limbeck {
namespace {

struct Spelling {
  absl::string_view text;
  TokenKind kind;
};

// Longer ones first.
constexpr Spelling kMarks[] = {
    {"...", TokenKind::kDots},       {"**", TokenKind::kCaret},
    {"+", TokenKind::kPlus},         {"-", TokenKind::kMinus},
    {"*", TokenKind::kTimes},        {"/", TokenKind::kDivide},
    {"^", TokenKind::kCaret},        {"_", TokenKind::kUnderscore},
    {"!", TokenKind::kBang},         {"'", TokenKind::kPrime},
    {"%", TokenKind::kPercent},      {",", TokenKind::kComma},
    {";", TokenKind::kSemicolon},    {":", TokenKind::kColon},
    {"&", TokenKind::kAmpersand},    {"(", TokenKind::kOpenParen},
    {")", TokenKind::kCloseParen},   {"[", TokenKind::kOpenBracket},
    {"]", TokenKind::kCloseBracket}, {"{", TokenKind::kOpenBrace},
    {"}", TokenKind::kCloseBrace},   {"|", TokenKind::kBar},
};

constexpr std::pair<absl::string_view, MathRelation> kRelationMarks[] = {
    {"<=>", MathRelation::kArrow},       {"<=", MathRelation::kLessEqual},
    {">=", MathRelation::kGreaterEqual}, {"=<", MathRelation::kLessEqual},
    {"=>", MathRelation::kArrow},        {"->", MathRelation::kArrow},
    {"!=", MathRelation::kNotEqual},     {"==", MathRelation::kEqual},
    {":=", MathRelation::kEqual},        {"=", MathRelation::kEqual},
    {"<", MathRelation::kLess},          {">", MathRelation::kGreater},
};

constexpr Spelling kEscapes[] = {
    {"{", TokenKind::kOpenSet},   {"}", TokenKind::kCloseSet},
    {"%", TokenKind::kPercent},   {"$", TokenKind::kCurrency},
    {"|", TokenKind::kDoubleBar},
};

bool IsLetterByte(char c) {
  return absl::ascii_isalpha(c) || static_cast<unsigned char>(c) >= 0x80;
}

// Which of \left and \right stands before a delimiter.
enum class Side { kNone, kLeft, kRight, kMiddle };

class Tokenizer {
 public:
  Tokenizer(absl::string_view text, unsigned reading)
      : text_(text), reading_(reading) {
    size_t dollars = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '$') {
        ++dollars;
      }
    }
    lone_dollar_ = dollars % 2 == 1;
  }

  absl::StatusOr<TokenStream> Run() {
    while (place_ < text_.size()) {
      if (stream_.tokens.size() >= size_t{kMaxMathTokens}) {
        return absl::ResourceExhaustedError(absl::StrCat(
            "more than ", kMaxMathTokens, " tokens in one answer"));
      }
      LIMBECK_RETURN_IF_ERROR(Step());
    }
    Push(MathToken(), 0);
    return std::move(stream_);
  }

 private:
  absl::string_view rest() const { return text_.substr(place_); }
  const MathToken* last() const {
    return stream_.tokens.empty() ? nullptr : &stream_.tokens.back();
  }
  absl::Status Refuse(absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(what, " at byte ", place_));
  }

  absl::Status Step() {
    const char c = text_[place_];
    if (absl::ascii_isspace(c) || c == '~' || c == '"') {
      ++place_;
      space_ = true;
      return absl::OkStatus();
    }
    if (absl::ascii_isdigit(c) ||
        (c == '.' && rest().size() > 1 && absl::ascii_isdigit(rest()[1]))) {
      return TakeNumber();
    }
    if (IsLetterByte(c)) return TakeLetters();
    if (c == '\\') return TakeCommand();
    if (c == '$') return TakeDollar();
    return TakeMark();
  }

  void Push(MathToken token, size_t length) {
    token.begin = static_cast<uint32_t>(place_);
    token.end = static_cast<uint32_t>(place_ + length);
    token.space_before = space_;
    place_ += length;
    space_ = false;
    if (token.kind == TokenKind::kBar && side_ == Side::kLeft) {
      token.kind = TokenKind::kOpenBar;
    } else if (token.kind == TokenKind::kBar && side_ == Side::kRight) {
      token.kind = TokenKind::kCloseBar;
    } else if (token.kind == TokenKind::kBar && side_ == Side::kMiddle) {
      token.kind = TokenKind::kMid;
    } else if (side_ != Side::kNone && token.kind == TokenKind::kOpenBrace) {
      token.kind = TokenKind::kOpenSet;
    } else if (side_ != Side::kNone && token.kind == TokenKind::kCloseBrace) {
      token.kind = TokenKind::kCloseSet;
    }
    side_ = Side::kNone;
    TrackBrackets(token.kind);
    stream_.tokens.push_back(std::move(token));
  }

  void Push(TokenKind kind, size_t length, absl::string_view text = "") {
    MathToken token;
    token.kind = kind;
    token.text = std::string(text);
    Push(std::move(token), length);
  }

  void TrackBrackets(TokenKind kind) {
    switch (kind) {
      case TokenKind::kOpenParen:
      case TokenKind::kOpenBracket:
      case TokenKind::kOpenBrace:
      case TokenKind::kOpenSet:
      case TokenKind::kBegin:
        ++depth_;
        break;
      case TokenKind::kCloseParen:
      case TokenKind::kCloseBracket:
      case TokenKind::kCloseBrace:
      case TokenKind::kCloseSet:
      case TokenKind::kEndOf:
        depth_ = std::max(0, depth_ - 1);
        break;
      default:
        break;
    }
    if (kind == TokenKind::kBegin) ++environments_;
    if (kind == TokenKind::kEndOf)
      environments_ = std::max(0, environments_ - 1);
  }

  absl::Status TakeNumber() {
    NumberScan scan = ScanNumber(rest(), depth_ > box_depth_, reading_);
    if (scan.length == 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("a number of more than ", kMaxMathDigits,
                       " digits at byte ", place_));
    }
    stream_.ambiguities |= scan.ambiguities;
    Push(std::move(scan.token), scan.length);
    return absl::OkStatus();
  }

  absl::Status TakeLetters() {
    size_t length = 0;
    while (length < rest().size() && IsLetterByte(rest()[length])) ++length;
    absl::string_view run = rest().substr(0, length);
    // A connective grown together with its neighbours: "x=1orx=2".
    if (last() != nullptr && !space_ &&
        (last()->kind == TokenKind::kNumber ||
         last()->kind == TokenKind::kCloseParen)) {
      for (const absl::string_view word : {"and", "or"}) {
        if (absl::StartsWith(run, word)) run = word;
      }
    }
    MathToken token = LookUpMathWord(run, false);
    if (IsMembership(run, rest().substr(run.size()))) {
      token = LookUpMathWord("in", true);
    }
    if (token.kind == TokenKind::kEnd) token = FunctionAndRest(run);
    if (token.kind == TokenKind::kEnd) {
      token.kind = TokenKind::kLetters;
      token.text = std::string(run);
    }
    Push(std::move(token), run.size());
    return absl::OkStatus();
  }

  // "sinx", "pir": the name, with `run` cut to it; kEnd: no such thing. The
  // tails are few: "minus" and "since" are words.
  static MathToken FunctionAndRest(absl::string_view& run) {
    for (const absl::string_view tail : {"x", "y", "z", "xy", "r"}) {
      if (!absl::EndsWith(run, tail)) continue;
      const absl::string_view head = run.substr(0, run.size() - tail.size());
      MathToken token = LookUpMathWord(head, false);
      const bool glued = token.kind == TokenKind::kConstant
                             ? head == "pi"
                             : token.kind == TokenKind::kFunction &&
                                   tail != "r" && head != "lg";
      if (!glued) continue;
      run = head;
      return token;
    }
    return MathToken();
  }

  // "x in [1, 2]", and not the inch.
  static bool IsMembership(absl::string_view run, absl::string_view after) {
    after = absl::StripLeadingAsciiWhitespace(after);
    return run == "in" && !after.empty() &&
           absl::StrContains("([{\\", after.substr(0, 1));
  }

  absl::Status TakeDollar() {
    absl::string_view after =
        absl::StripLeadingAsciiWhitespace(rest().substr(1));
    const bool before_number =
        !after.empty() && (absl::ascii_isdigit(after[0]) || after[0] == '.');
    const bool after_number =
        last() != nullptr && last()->kind == TokenKind::kNumber;
    if (lone_dollar_ && (before_number || after_number)) {
      Push(TokenKind::kCurrency, 1, "dollar");
    } else {
      ++place_;
      space_ = true;
    }
    return absl::OkStatus();
  }

  absl::Status TakeMark() {
    for (const auto& [mark, relation] : kRelationMarks) {
      if (!absl::StartsWith(rest(), mark)) continue;
      MathToken token;
      token.kind = TokenKind::kRelation;
      token.relation = relation;
      Push(std::move(token), mark.size());
      return absl::OkStatus();
    }
    for (const Spelling& mark : kMarks) {
      if (!absl::StartsWith(rest(), mark.text)) continue;
      Push(mark.kind, mark.text.size());
      return absl::OkStatus();
    }
    // The full stop at the end.
    if (rest()[0] == '.' &&
        absl::StripAsciiWhitespace(rest().substr(1)).empty()) {
      place_ = text_.size();
      return absl::OkStatus();
    }
    return Refuse(absl::StrCat("'", rest().substr(0, 1), "'"));
  }

  absl::Status TakeCommand() {
    const absl::string_view after = rest().substr(1);
    if (after.empty()) {
      ++place_;  // a stray backslash at the end
      return absl::OkStatus();
    }
    if (absl::ascii_isalpha(after[0])) return TakeNamedCommand();
    for (const Spelling& escape : kEscapes) {
      if (!absl::StartsWith(after, escape.text)) continue;
      Push(escape.kind, 2, escape.kind == TokenKind::kCurrency ? "dollar" : "");
      return absl::OkStatus();
    }
    if (after[0] == '\\') return TakeDoubleBackslash();
    if (absl::StrContains(",;:! ()[]'\"\n\t&", after.substr(0, 1))) {
      place_ += 2;
      space_ = true;
      return absl::OkStatus();
    }
    return Refuse(absl::StrCat("'\\", after.substr(0, 1), "'"));
  }

  // A new row inside an environment; elsewhere the backslash of a text that
  // was escaped twice, or a line break.
  absl::Status TakeDoubleBackslash() {
    const absl::string_view after = rest().substr(2);
    const bool command =
        !after.empty() && (absl::ascii_isalpha(after[0]) ||
                           absl::StrContains("{}", after.substr(0, 1)));
    if (environments_ == 0 && command) {
      ++place_;
      return absl::OkStatus();
    }
    Push(TokenKind::kNewline, 2);
    if (environments_ > 0) SkipRowSpacing();
    return absl::OkStatus();
  }

  // "[4pt]" behind a row: a length, which no entry begins with.
  void SkipRowSpacing() {
    const size_t end = rest().find(']');
    if (end == absl::string_view::npos || !absl::StartsWith(rest(), "[")) {
      return;
    }
    absl::string_view length = rest().substr(1, end - 1);
    static constexpr absl::string_view kLengths[] = {"pt", "em", "ex",
                                                     "cm", "mm", "in"};
    for (const absl::string_view unit : kLengths) {
      if (!absl::ConsumeSuffix(&length, unit)) continue;
      double number = 0;
      if (absl::SimpleAtod(length, &number)) place_ += end + 1;
      return;
    }
  }

  // The {argument} at `from`, braces matched; false: there is none.
  bool Argument(size_t from, absl::string_view& argument, size_t& end) const {
    while (from < text_.size() && text_[from] == ' ') ++from;
    if (from >= text_.size() || text_[from] != '{') return false;
    int open = 0;
    for (size_t i = from; i < text_.size(); ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '{') {
        ++open;
      } else if (text_[i] == '}' && --open == 0) {
        argument = text_.substr(from + 1, i - from - 1);
        end = i + 1;
        return true;
      }
    }
    return false;
  }

  absl::Status TakeNamedCommand() {
    size_t length = 1;
    while (length < rest().size() && absl::ascii_isalpha(rest()[length])) {
      ++length;
    }
    absl::string_view name = rest().substr(1, length - 1);
    if (!IsKnown(name)) {
      name = KnownCommandPrefix(name);
      if (name.empty()) return Refuse("an unknown command");
      length = name.size() + 1;
    }
    absl::string_view argument;
    size_t end = 0;
    const bool has_argument = Argument(place_ + length, argument, end);
    if (IsIgnoredCommand(name)) return TakeIgnored(name, length);
    // Unit vectors are no imaginary unit.
    if (name == "mathbf" &&
        (argument == "i" || argument == "j" || argument == "k")) {
      Push(TokenKind::kName, end - place_,
           absl::StrCat("bold{", argument, "}"));
      return absl::OkStatus();
    }
    if (IsTransparentCommand(name)) {
      if (name == "boxed" || name == "fbox") box_depth_ = depth_ + 1;
      Push(TokenKind::kGroup, length);
      return absl::OkStatus();
    }
    if (name == "begin" || name == "end") {
      if (!has_argument) return Refuse("an environment without a name");
      return TakeEnvironment(name, argument, end);
    }
    if (TakesName(name) && has_argument) return TakeNamed(name, argument, end);
    MathToken token = LookUpMathWord(name, true);
    if (token.kind == TokenKind::kEnd) return Refuse("an unknown command");
    Push(std::move(token), length);
    return absl::OkStatus();
  }

  static bool TakesName(absl::string_view name) {
    return IsTextCommand(name) || name == "mathbb" || name == "variable" ||
           name == "hspace" || name == "vspace" || name == "phantom" ||
           name == "tag" || name == "label" || name == "textnormal";
  }

  static bool IsKnown(absl::string_view name) {
    return TakesName(name) || IsIgnoredCommand(name) ||
           IsTransparentCommand(name) || name == "begin" || name == "end" ||
           LookUpMathWord(name, true).kind != TokenKind::kEnd;
  }

  absl::Status TakeIgnored(absl::string_view name, size_t length) {
    place_ += length;
    space_ = true;
    if (absl::EndsWith(name, "left") || absl::EndsWith(name, "l")) {
      side_ = Side::kLeft;
    } else if (absl::EndsWith(name, "right") || absl::EndsWith(name, "r")) {
      side_ = Side::kRight;
    } else if (name == "middle") {
      side_ = Side::kMiddle;
    }
    if (side_ != Side::kNone && absl::StartsWith(rest(), ".")) {
      ++place_;
      side_ = Side::kNone;
    }
    return absl::OkStatus();
  }

  absl::Status TakeEnvironment(absl::string_view name,
                               absl::string_view argument, size_t end) {
    const size_t length = end - place_;
    Push(name == "begin" ? TokenKind::kBegin : TokenKind::kEndOf, length,
         argument);
    absl::string_view columns;
    if (name == "begin" && absl::StartsWith(argument, "array") &&
        Argument(place_, columns, end)) {
      place_ = end;
    }
    return absl::OkStatus();
  }

  absl::Status TakeNamed(absl::string_view name, absl::string_view argument,
                         size_t end) {
    const size_t length = end - place_;
    const absl::string_view words = absl::StripAsciiWhitespace(argument);
    if (name == "mathbb") {
      Push(TokenKind::kNumberSet, length, words);
    } else if (name == "variable") {
      Push(TokenKind::kName, length, words);
    } else if (!IsTextCommand(name) || words.empty()) {
      place_ = end;
      space_ = true;
    } else {
      return TakeWords(name, words, end);
    }
    return absl::OkStatus();
  }

  // The argument of \text{} and its like: a connective, a function's name,
  // mathematics, or words.
  absl::Status TakeWords(absl::string_view command, absl::string_view words,
                         size_t end) {
    const size_t length = end - place_;
    const bool upright =
        absl::StartsWith(command, "math") || command == "operatorname";
    MathToken known = LookUpMathWord(words, false);
    if (known.kind == TokenKind::kEnd && upright) {
      known = LookUpMathWord(words, true);
    }
    if (known.kind != TokenKind::kEnd &&
        (upright || words == "and" || words == "or")) {
      Push(std::move(known), length);
      return absl::OkStatus();
    }
    // 5\,\mathrm{m} is a length, \mathrm{E} a letter.
    const bool behind_number =
        last() != nullptr && last()->kind == TokenKind::kNumber;
    if (upright && words.size() == 1 && absl::ascii_isalpha(words[0]) &&
        !(behind_number && absl::StrContains("msghlLNJVWAK", words))) {
      Push(TokenKind::kLetters, length, words);
      return absl::OkStatus();
    }
    if (absl::ascii_isdigit(words[0]) || words[0] == '-' || words[0] == '$' ||
        words[0] == '\\') {
      // Mathematics in words' clothing: read what is inside.
      const size_t skipped = text_.find('{', place_);
      place_ = skipped;
      return absl::OkStatus();
    }
    Push(TokenKind::kText, length, words);
    return absl::OkStatus();
  }

  const absl::string_view text_;
  const unsigned reading_;
  TokenStream stream_;
  size_t place_ = 0;
  bool space_ = false;
  bool lone_dollar_ = false;
  Side side_ = Side::kNone;
  int depth_ = 0;
  // Inside \boxed{...} a comma means what it means outside brackets.
  int box_depth_ = 0;
  int environments_ = 0;
};

}  // namespace

absl::StatusOr<TokenStream> TokenizeMath(absl::string_view text,
                                         unsigned reading) {
  return Tokenizer(text, reading).Run();
}

}  // namespace limbeck
