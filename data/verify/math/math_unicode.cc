#include "data/verify/math/math_unicode.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace limbeck {
namespace {

constexpr std::pair<absl::string_view, absl::string_view> kSpellings[] = {
    {"−", "-"},
    {"–", "-"},
    {"—", "-"},
    {"‐", "-"},
    {"‑", "-"},
    {"﹣", "-"},
    {"－", "-"},
    {"＋", "+"},
    {"＝", "="},
    {"×", "\\times "},
    {"⋅", "\\cdot "},
    {"·", "\\cdot "},
    {"∙", "\\cdot "},
    {"∗", "*"},
    {"÷", "\\div "},
    {"∕", "/"},
    {"⁄", "/"},
    {"±", "\\pm "},
    {"∓", "\\mp "},
    {"π", "\\pi "},
    {"∞", "\\infty "},
    {"°", "^{\\circ}"},
    {"º", "^{\\circ}"},
    {"√", "\\sqrt "},
    {"∛", "\\sqrt[3]"},
    {"∜", "\\sqrt[4]"},
    {"≤", "\\le "},
    {"≥", "\\ge "},
    {"⩽", "\\le "},
    {"⩾", "\\ge "},
    {"≠", "\\ne "},
    {"≈", "\\approx "},
    {"≡", "\\equiv "},
    {"≅", "\\cong "},
    {"∈", "\\in "},
    {"∉", "\\notin "},
    {"⊂", "\\subset "},
    {"⊆", "\\subseteq "},
    {"⊃", "\\supset "},
    {"⊇", "\\supseteq "},
    {"∪", "\\cup "},
    {"∩", "\\cap "},
    {"∖", "\\setminus "},
    {"∅", "\\emptyset "},
    {"Ø", "\\emptyset "},
    {"∑", "\\sum "},
    {"∏", "\\prod "},
    {"∫", "\\int "},
    {"∂", "\\partial "},
    {"′", "'"},
    {"″", "''"},
    {"’", "'"},
    {"‘", "'"},
    {"“", "\""},
    {"”", "\""},
    {"⌊", "\\lfloor "},
    {"⌋", "\\rfloor "},
    {"⌈", "\\lceil "},
    {"⌉", "\\rceil "},
    {"⟨", "\\langle "},
    {"⟩", "\\rangle "},
    {"∣", "|"},
    {"∥", "\\|"},
    {"→", "\\to "},
    {"⇒", "\\Rightarrow "},
    {"…", "\\ldots "},
    {"⋯", "\\cdots "},
    {"，", ","},
    {"；", ";"},
    {"：", ":"},
    {"（", "("},
    {"）", ")"},
    {"［", "["},
    {"］", "]"},
    {"％", "%"},
    {"。", "."},
    {"、", ","},
    {"∧", "\\land "},
    {"∨", "\\lor "},
    {"ℝ", "\\mathbb{R}"},
    {"ℤ", "\\mathbb{Z}"},
    {"ℕ", "\\mathbb{N}"},
    {"ℚ", "\\mathbb{Q}"},
    {"ℂ", "\\mathbb{C}"},
    {"€", "\\euro "},
    {"£", "\\pounds "},
    {"½", "\\frac{1}{2}"},
    {"⅓", "\\frac{1}{3}"},
    {"⅔", "\\frac{2}{3}"},
    {"¼", "\\frac{1}{4}"},
    {"¾", "\\frac{3}{4}"},
    {"⅕", "\\frac{1}{5}"},
    {"⅖", "\\frac{2}{5}"},
    {"⅗", "\\frac{3}{5}"},
    {"⅘", "\\frac{4}{5}"},
    {"⅙", "\\frac{1}{6}"},
    {"⅚", "\\frac{5}{6}"},
    {"⅛", "\\frac{1}{8}"},
    {"⅜", "\\frac{3}{8}"},
    {"⅝", "\\frac{5}{8}"},
    {"⅞", "\\frac{7}{8}"},
    {"α", "\\alpha "},
    {"β", "\\beta "},
    {"γ", "\\gamma "},
    {"δ", "\\delta "},
    {"ε", "\\epsilon "},
    {"θ", "\\theta "},
    {"λ", "\\lambda "},
    {"μ", "\\mu "},
    {"ρ", "\\rho "},
    {"σ", "\\sigma "},
    {"τ", "\\tau "},
    {"φ", "\\phi "},
    {"ϕ", "\\phi "},
    {"ω", "\\omega "},
    {"Δ", "\\Delta "},
    {"Ω", "\\Omega "},
    {"∠", "\\angle "},
    {"△", "\\triangle "},
    {"\xC2\xA0", " "},
    {"\xE2\x80\x89", " "},
    {"\xE2\x80\xAF", " "},
    {"\xE2\x80\x8B", ""},
    {"\xEF\xBB\xBF", ""},
    {"\xE2\x81\xA2", ""},
    {"\xE2\x81\xA1", ""}};

constexpr absl::string_view kSuperscripts[] = {"⁰", "¹", "²", "³", "⁴", "⁵",
                                               "⁶", "⁷", "⁸", "⁹", "⁻"};
constexpr absl::string_view kSubscripts[] = {"₀", "₁", "₂", "₃", "₄",
                                             "₅", "₆", "₇", "₈", "₉"};

// Length of the entry of `list` at the front of `rest`, its place in `digit`;
// 0: none.
template <size_t kSize>
size_t MatchDigit(absl::string_view rest,
                  const absl::string_view (&list)[kSize], char& digit) {
  for (size_t i = 0; i < kSize; ++i) {
    if (!absl::StartsWith(rest, list[i])) continue;
    digit = i < 10 ? static_cast<char>('0' + i) : '-';
    return list[i].size();
  }
  return 0;
}

// A run of raised or lowered digits as "^{12}" or "_{12}"; its length.
template <size_t kSize>
size_t SpellRun(absl::string_view rest, const absl::string_view (&list)[kSize],
                char mark, std::string& out) {
  size_t length = 0;
  std::string digits;
  char digit = '0';
  while (const size_t step = MatchDigit(rest.substr(length), list, digit)) {
    digits.push_back(digit);
    length += step;
  }
  if (length > 0) absl::StrAppend(&out, std::string(1, mark), "{", digits, "}");
  return length;
}

}  // namespace

std::string SpellUnicodeInLatex(absl::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      out.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    size_t length = SpellRun(text, kSuperscripts, '^', out);
    if (length == 0) length = SpellRun(text, kSubscripts, '_', out);
    if (length == 0) {
      const auto* found =
          std::find_if(std::begin(kSpellings), std::end(kSpellings),
                       [text](const auto& entry) {
                         return absl::StartsWith(text, entry.first);
                       });
      if (found != std::end(kSpellings)) {
        absl::StrAppend(&out, found->second);
        length = found->first.size();
      } else {
        out.push_back(text[0]);
        length = 1;
      }
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace limbeck
