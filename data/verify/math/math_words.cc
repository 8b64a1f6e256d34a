// The vocabulary: LaTeX commands and plain words, as data.
#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "data/verify/math/math_tokens.h"

namespace limbeck {
namespace {

using WordMap = absl::flat_hash_map<absl::string_view, MathToken>;

MathToken Plain(TokenKind kind, absl::string_view text = "") {
  MathToken token;
  token.kind = kind;
  token.text = std::string(text);
  return token;
}

MathToken Of(MathConstant constant) {
  MathToken token = Plain(TokenKind::kConstant);
  token.constant = constant;
  return token;
}

MathToken Of(MathFunction function) {
  MathToken token = Plain(TokenKind::kFunction);
  token.function = function;
  return token;
}

MathToken Of(MathRelation relation) {
  MathToken token = Plain(TokenKind::kRelation);
  token.relation = relation;
  return token;
}

constexpr std::pair<absl::string_view, MathFunction> kFunctions[] = {
    {"exp", MathFunction::kExp},         {"log", MathFunction::kLog},
    {"lg", MathFunction::kLog},          {"ln", MathFunction::kLn},
    {"sin", MathFunction::kSin},         {"cos", MathFunction::kCos},
    {"tan", MathFunction::kTan},         {"tg", MathFunction::kTan},
    {"cot", MathFunction::kCot},         {"ctg", MathFunction::kCot},
    {"sec", MathFunction::kSec},         {"csc", MathFunction::kCsc},
    {"cosec", MathFunction::kCsc},       {"arcsin", MathFunction::kArcsin},
    {"asin", MathFunction::kArcsin},     {"arccos", MathFunction::kArccos},
    {"acos", MathFunction::kArccos},     {"arctan", MathFunction::kArctan},
    {"atan", MathFunction::kArctan},     {"arctg", MathFunction::kArctan},
    {"arccot", MathFunction::kArccot},   {"acot", MathFunction::kArccot},
    {"arcsec", MathFunction::kArcsec},   {"asec", MathFunction::kArcsec},
    {"arccsc", MathFunction::kArccsc},   {"acsc", MathFunction::kArccsc},
    {"sinh", MathFunction::kSinh},       {"cosh", MathFunction::kCosh},
    {"tanh", MathFunction::kTanh},       {"coth", MathFunction::kCoth},
    {"sech", MathFunction::kSech},       {"csch", MathFunction::kCsch},
    {"arcsinh", MathFunction::kArsinh},  {"arsinh", MathFunction::kArsinh},
    {"asinh", MathFunction::kArsinh},    {"arccosh", MathFunction::kArcosh},
    {"arcosh", MathFunction::kArcosh},   {"acosh", MathFunction::kArcosh},
    {"arctanh", MathFunction::kArtanh},  {"artanh", MathFunction::kArtanh},
    {"atanh", MathFunction::kArtanh},    {"abs", MathFunction::kAbs},
    {"floor", MathFunction::kFloor},     {"ceil", MathFunction::kCeil},
    {"sgn", MathFunction::kSign},        {"sign", MathFunction::kSign},
    {"gcd", MathFunction::kGcd},         {"lcm", MathFunction::kLcm},
    {"min", MathFunction::kMin},         {"max", MathFunction::kMax},
    {"Re", MathFunction::kReal},         {"Im", MathFunction::kImag},
    {"arg", MathFunction::kArgument},    {"conj", MathFunction::kConjugate},
    {"det", MathFunction::kDeterminant}, {"trace", MathFunction::kTrace},
    {"tr", MathFunction::kTrace},        {"rank", MathFunction::kRank},
    {"deg", MathFunction::kDegreeOf},    {"dim", MathFunction::kDimension},
};

constexpr std::pair<absl::string_view, MathRelation> kRelations[] = {
    {"le", MathRelation::kLessEqual},
    {"leq", MathRelation::kLessEqual},
    {"leqslant", MathRelation::kLessEqual},
    {"leqq", MathRelation::kLessEqual},
    {"ge", MathRelation::kGreaterEqual},
    {"geq", MathRelation::kGreaterEqual},
    {"geqslant", MathRelation::kGreaterEqual},
    {"geqq", MathRelation::kGreaterEqual},
    {"lt", MathRelation::kLess},
    {"gt", MathRelation::kGreater},
    {"ne", MathRelation::kNotEqual},
    {"neq", MathRelation::kNotEqual},
    {"approx", MathRelation::kApproximately},
    {"simeq", MathRelation::kApproximately},
    {"equiv", MathRelation::kEquivalent},
    {"cong", MathRelation::kEquivalent},
    {"in", MathRelation::kIn},
    {"notin", MathRelation::kNotIn},
    {"subset", MathRelation::kSubset},
    {"subseteq", MathRelation::kSubsetEqual},
    {"supset", MathRelation::kSuperset},
    {"supseteq", MathRelation::kSupersetEqual},
    {"sim", MathRelation::kSimilar},
    {"parallel", MathRelation::kParallel},
    {"perp", MathRelation::kPerpendicular},
    {"to", MathRelation::kArrow},
    {"rightarrow", MathRelation::kArrow},
    {"Rightarrow", MathRelation::kArrow},
    {"longrightarrow", MathRelation::kArrow},
    {"Longrightarrow", MathRelation::kArrow},
    {"implies", MathRelation::kArrow},
    {"iff", MathRelation::kArrow},
    {"mapsto", MathRelation::kArrow},
};

constexpr std::pair<absl::string_view, TokenKind> kMarks[] = {
    {"cdot", TokenKind::kTimes},
    {"times", TokenKind::kTimes},
    {"ast", TokenKind::kTimes},
    {"div", TokenKind::kDivide},
    {"pm", TokenKind::kPlusMinus},
    {"mp", TokenKind::kMinusPlus},
    {"mod", TokenKind::kMod},
    {"bmod", TokenKind::kMod},
    {"pmod", TokenKind::kParenMod},
    {"circ", TokenKind::kDegree},
    {"degree", TokenKind::kDegree},
    {"prime", TokenKind::kPrime},
    {"cup", TokenKind::kCup},
    {"bigcup", TokenKind::kCup},
    {"cap", TokenKind::kCap},
    {"bigcap", TokenKind::kCap},
    {"setminus", TokenKind::kSetMinus},
    {"backslash", TokenKind::kSetMinus},
    {"frac", TokenKind::kFrac},
    {"dfrac", TokenKind::kFrac},
    {"tfrac", TokenKind::kFrac},
    {"cfrac", TokenKind::kFrac},
    {"sqrt", TokenKind::kSqrt},
    {"binom", TokenKind::kBinomial},
    {"dbinom", TokenKind::kBinomial},
    {"tbinom", TokenKind::kBinomial},
    {"over", TokenKind::kOver},
    {"choose", TokenKind::kChoose},
    {"sum", TokenKind::kBigSum},
    {"prod", TokenKind::kBigProduct},
    {"int", TokenKind::kIntegral},
    {"lim", TokenKind::kLimit},
    {"partial", TokenKind::kPartial},
    {"emptyset", TokenKind::kEmptySet},
    {"varnothing", TokenKind::kEmptySet},
    {"ldots", TokenKind::kDots},
    {"dots", TokenKind::kDots},
    {"cdots", TokenKind::kDots},
    {"dotsc", TokenKind::kDots},
    {"dotsm", TokenKind::kDots},
    {"dotsb", TokenKind::kDots},
    {"vdots", TokenKind::kDots},
    {"ddots", TokenKind::kDots},
    {"vert", TokenKind::kBar},
    {"lvert", TokenKind::kOpenBar},
    {"rvert", TokenKind::kCloseBar},
    {"mid", TokenKind::kMid},
    {"Vert", TokenKind::kDoubleBar},
    {"lVert", TokenKind::kDoubleBar},
    {"rVert", TokenKind::kDoubleBar},
    {"lfloor", TokenKind::kOpenFloor},
    {"rfloor", TokenKind::kCloseFloor},
    {"lceil", TokenKind::kOpenCeil},
    {"rceil", TokenKind::kCloseCeil},
    {"llcorner", TokenKind::kOpenFloor},
    {"lrcorner", TokenKind::kCloseFloor},
    {"ulcorner", TokenKind::kOpenCeil},
    {"urcorner", TokenKind::kCloseCeil},
    {"langle", TokenKind::kOpenAngle},
    {"rangle", TokenKind::kCloseAngle},
    {"lbrace", TokenKind::kOpenSet},
    {"rbrace", TokenKind::kCloseSet},
    {"lbrack", TokenKind::kOpenBracket},
    {"rbrack", TokenKind::kCloseBracket},
    {"lgroup", TokenKind::kOpenParen},
    {"rgroup", TokenKind::kCloseParen},
    {"lparen", TokenKind::kOpenParen},
    {"rparen", TokenKind::kCloseParen},
    {"land", TokenKind::kAnd},
    {"wedge", TokenKind::kAnd},
    {"lor", TokenKind::kOr},
    {"vee", TokenKind::kOr},
    {"quad", TokenKind::kQuad},
    {"qquad", TokenKind::kQuad},
    {"colon", TokenKind::kColon},
    {"newline", TokenKind::kNewline},
    {"cr", TokenKind::kNewline},
};

constexpr absl::string_view kGreek[] = {
    "alpha",  "beta",     "gamma", "delta",    "epsilon", "varepsilon",
    "zeta",   "eta",      "theta", "vartheta", "iota",    "kappa",
    "lambda", "mu",       "nu",    "xi",       "omicron", "rho",
    "varrho", "sigma",    "tau",   "upsilon",  "phi",     "varphi",
    "chi",    "psi",      "omega", "Gamma",    "Delta",   "Theta",
    "Lambda", "Xi",       "Pi",    "Sigma",    "Upsilon", "Phi",
    "Psi",    "Omega",    "ell",   "hbar",     "aleph",   "nabla",
    "angle",  "triangle", "square"};

constexpr absl::string_view kAccents[] = {
    "bar",     "overline", "vec", "overrightarrow", "hat",
    "widehat", "tilde",    "dot", "ddot",           "widetilde"};

constexpr absl::string_view kIgnored[] = {
    "left",       "right",        "mleft",        "mright",    "big",
    "Big",        "bigg",         "Bigg",         "bigl",      "bigr",
    "Bigl",       "Bigr",         "biggl",        "biggr",     "middle",
    "limits",     "nolimits",     "displaystyle", "textstyle", "scriptstyle",
    "rm",         "bf",           "it",           "thinspace", "medspace",
    "thickspace", "negthinspace", "allowbreak",   "nonumber",  "hfill",
    "null",       "large",        "Large",        "small",     "strut",
    "therefore",  "because",      "hline"};

constexpr absl::string_view kTextCommands[] = {
    "text",   "mbox",   "textbf",       "textit", "textrm", "textnormal",
    "textsf", "texttt", "mathrm",       "mathit", "mathsf", "mathtt",
    "mathop", "hbox",   "operatorname", "emph",   "textup"};

constexpr absl::string_view kTransparent[] = {
    "boxed",   "fbox",       "mathbf",    "boldsymbol", "bm",    "pmb",
    "mathcal", "mathscr",    "mathfrak",  "ensuremath", "smash", "cancel",
    "mathord", "underbrace", "overbrace", "underline"};

void AddShared(WordMap& words) {
  for (const auto& [word, function] : kFunctions) words[word] = Of(function);
  for (auto& [word, token] : words) token.text = std::string(word);
  words["pi"] = Of(MathConstant::kPi);
  words["infinity"] = Of(MathConstant::kInfinity);
  words["infty"] = Of(MathConstant::kInfinity);
  words["sqrt"] = Plain(TokenKind::kSqrt);
  for (const absl::string_view name : kGreek) {
    words[name] = Plain(TokenKind::kSymbol, name);
  }
}

WordMap LatexWords() {
  WordMap words;
  AddShared(words);
  for (const auto& [word, relation] : kRelations) words[word] = Of(relation);
  for (const auto& [word, kind] : kMarks) words[word] = Plain(kind);
  for (const absl::string_view accent : kAccents) {
    words[accent] = Plain(TokenKind::kAccent, accent);
  }
  words["overline"].text = "bar";
  words["overrightarrow"].text = "vec";
  words["exponentialE"] = Of(MathConstant::kEuler);
  words["imaginaryI"] = Of(MathConstant::kImaginary);
  words["imath"] = Plain(TokenKind::kSymbol, "iota");
  words["iota"] = Plain(TokenKind::kSymbol, "iota");
  words["R"] = Plain(TokenKind::kNumberSet, "R");
  for (const absl::string_view currency : {"euro", "pounds"}) {
    words[currency] = Plain(TokenKind::kCurrency, currency);
  }
  return words;
}

WordMap PlainWords() {
  WordMap words;
  AddShared(words);
  // Words of prose besides: too short a distance to "square feet".
  for (const absl::string_view word : {"square", "angle", "triangle", "sign",
                                       "trace", "rank", "arg", "nabla"}) {
    words.erase(word);
  }
  words["inf"] = Of(MathConstant::kInfinity);
  words["oo"] = Of(MathConstant::kInfinity);
  words["cbrt"] = Plain(TokenKind::kSqrt, "3");
  words["and"] = Plain(TokenKind::kAnd);
  words["or"] = Plain(TokenKind::kOr);
  words["mod"] = Plain(TokenKind::kMod);
  words["union"] = Plain(TokenKind::kCup);
  words["cup"] = Plain(TokenKind::kCup);
  words["cap"] = Plain(TokenKind::kCap);
  words["emptyset"] = Plain(TokenKind::kEmptySet);
  words["binom"] = Plain(TokenKind::kBinomial);
  words["binomial"] = Plain(TokenKind::kBinomial);
  return words;
}

const WordMap& Words(bool latex) {
  static const auto& latex_words = *new WordMap(LatexWords());
  static const auto& plain_words = *new WordMap(PlainWords());
  return latex ? latex_words : plain_words;
}

template <size_t kSize>
bool IsOneOf(absl::string_view word, const absl::string_view (&list)[kSize]) {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

}  // namespace

MathToken LookUpMathWord(absl::string_view word, bool latex) {
  const WordMap& words = Words(latex);
  const auto found = words.find(word);
  return found == words.end() ? MathToken() : found->second;
}

bool IsIgnoredCommand(absl::string_view command) {
  return IsOneOf(command, kIgnored);
}

bool IsTextCommand(absl::string_view command) {
  return IsOneOf(command, kTextCommands);
}

bool IsTransparentCommand(absl::string_view command) {
  return IsOneOf(command, kTransparent);
}

absl::string_view KnownCommandPrefix(absl::string_view run) {
  for (size_t length = run.size(); length >= 2; --length) {
    const absl::string_view prefix = run.substr(0, length);
    if (Words(true).contains(prefix) || IsIgnoredCommand(prefix) ||
        IsTextCommand(prefix) || IsTransparentCommand(prefix)) {
      return prefix;
    }
  }
  return {};
}

}  // namespace limbeck
