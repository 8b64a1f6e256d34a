// Scripts by block of code points; one pass over the text.
#include "data/verify/language_share.h"

#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "data/base/utf8.h"

namespace limbeck {
namespace {

enum Script : uint32_t {
  kNoLetter = 0,
  kLatin = 1 << 0,
  kGreek = 1 << 1,
  kCyrillic = 1 << 2,
  kHebrew = 1 << 3,
  kArabic = 1 << 4,
  kDevanagari = 1 << 5,
  kBengali = 1 << 6,
  kTamil = 1 << 7,
  kTelugu = 1 << 8,
  kThai = 1 << 9,
  kHangul = 1 << 10,
  kKana = 1 << 11,
  kHan = 1 << 12,
  kOther = 1 << 13,
};
constexpr uint32_t kWordPerCharacter = kKana | kHan;

struct Block {
  uint32_t first;
  uint32_t last;
  Script script;
};
// Blocks of the Unicode standard; gaps hold signs and punctuation.
constexpr std::array<Block, 37> kBlocks = {
    {{0x41, 0x5A, kLatin},      {0x61, 0x7A, kLatin},
     {0xAA, 0xAA, kLatin},      {0xBA, 0xBA, kLatin},
     {0xC0, 0xD6, kLatin},      {0xD8, 0xF6, kLatin},
     {0xF8, 0x24F, kLatin},     {0x370, 0x3FF, kGreek},
     {0x400, 0x52F, kCyrillic}, {0x531, 0x58F, kOther},
     {0x591, 0x5FF, kHebrew},   {0x620, 0x6FF, kArabic},
     {0x700, 0x74F, kOther},    {0x750, 0x77F, kArabic},
     {0x780, 0x8FF, kOther},    {0x900, 0x97F, kDevanagari},
     {0x980, 0x9FF, kBengali},  {0xA00, 0xB7F, kOther},
     {0xB80, 0xBFF, kTamil},    {0xC00, 0xC7F, kTelugu},
     {0xC80, 0xDFF, kOther},    {0xE00, 0xE7F, kThai},
     {0xE80, 0x10FF, kOther},   {0x1100, 0x11FF, kHangul},
     {0x1200, 0x1CFF, kOther},  {0x1E00, 0x1EFF, kLatin},
     {0x1F00, 0x1FFF, kGreek},  {0x2C60, 0x2C7F, kLatin},
     {0x3041, 0x30FF, kKana},   {0x3131, 0x318F, kHangul},
     {0x31F0, 0x31FF, kKana},   {0x3400, 0x4DBF, kHan},
     {0x4E00, 0x9FFF, kHan},    {0xAC00, 0xD7AF, kHangul},
     {0xF900, 0xFAFF, kHan},    {0xFF66, 0xFF9D, kKana},
     {0x20000, 0x3FFFF, kHan}}};

struct Language {
  absl::string_view tag;
  uint32_t scripts;
};
constexpr std::array<Language, 41> kLanguages = {{{"en", kLatin},
                                                  {"de", kLatin},
                                                  {"fr", kLatin},
                                                  {"es", kLatin},
                                                  {"it", kLatin},
                                                  {"pt", kLatin},
                                                  {"nl", kLatin},
                                                  {"sv", kLatin},
                                                  {"da", kLatin},
                                                  {"nb", kLatin},
                                                  {"no", kLatin},
                                                  {"fi", kLatin},
                                                  {"pl", kLatin},
                                                  {"cs", kLatin},
                                                  {"sk", kLatin},
                                                  {"sl", kLatin},
                                                  {"hr", kLatin},
                                                  {"hu", kLatin},
                                                  {"ro", kLatin},
                                                  {"tr", kLatin},
                                                  {"vi", kLatin},
                                                  {"id", kLatin},
                                                  {"ms", kLatin},
                                                  {"ca", kLatin},
                                                  {"la", kLatin},
                                                  {"ru", kCyrillic},
                                                  {"uk", kCyrillic},
                                                  {"bg", kCyrillic},
                                                  {"sr", kCyrillic | kLatin},
                                                  {"el", kGreek},
                                                  {"he", kHebrew},
                                                  {"ar", kArabic},
                                                  {"fa", kArabic},
                                                  {"hi", kDevanagari},
                                                  {"bn", kBengali},
                                                  {"ta", kTamil},
                                                  {"te", kTelugu},
                                                  {"th", kThai},
                                                  {"ko", kHangul},
                                                  {"zh", kHan},
                                                  {"ja", kHan | kKana}}};

uint32_t ScriptsOf(absl::string_view language) {
  const absl::string_view primary = language.substr(0, language.find('-'));
  for (const Language& known : kLanguages) {
    if (absl::EqualsIgnoreCase(known.tag, primary)) return known.scripts;
  }
  return 0;
}

Script ScriptOf(uint32_t code_point) {
  for (const Block& block : kBlocks) {
    if (code_point < block.first) return kNoLetter;
    if (code_point <= block.last) return block.script;
  }
  return kNoLetter;
}

uint32_t Decode(absl::string_view sequence) {
  constexpr std::array<uint32_t, 5> kLeadMask = {0, 0x7F, 0x1F, 0x0F, 0x07};
  uint32_t code_point =
      static_cast<unsigned char>(sequence[0]) & kLeadMask[sequence.size()];
  for (char c : sequence.substr(1)) {
    code_point = code_point << 6 | (static_cast<unsigned char>(c) & 0x3F);
  }
  return code_point;
}

// Bytes of a formula, LaTeX command or code block at the start of `text`; 0:
// none begins here. One that never ends counts as its opening only.
size_t MarkupBytes(absl::string_view text) {
  struct Markup {
    absl::string_view open;
    absl::string_view close;
  };
  constexpr std::array<Markup, 5> kMarkups = {{{"```", "```"},
                                               {"$$", "$$"},
                                               {"$", "$"},
                                               {"\\(", "\\)"},
                                               {"\\[", "\\]"}}};
  // A formula longer than this was never closed.
  constexpr size_t kMaxMarkup = 2000;
  for (const Markup& markup : kMarkups) {
    if (!absl::StartsWith(text, markup.open)) continue;
    const size_t close =
        text.substr(0, kMaxMarkup).find(markup.close, markup.open.size());
    if (close == text.npos) return markup.open.size();
    return close + markup.close.size();
  }
  if (text[0] != '\\') return 0;
  size_t length = 1;
  while (length < text.size() && absl::ascii_isalpha(text[length])) ++length;
  return length;
}

class WordCounter {
 public:
  explicit WordCounter(uint32_t target) : target_(target) {}

  void Letter(Script script) {
    if (script != script_) EndWord();
    script_ = script;
    ++letters_;
    if ((script & kWordPerCharacter) != 0) EndWord();
  }

  void EndWord() {
    const bool counts =
        letters_ >= 2 || (letters_ == 1 && (script_ & kWordPerCharacter) != 0);
    if (counts) {
      ++words_;
      in_target_ += (script_ & target_) != 0 ? 1 : 0;
    }
    script_ = kNoLetter;
    letters_ = 0;
  }

  double share() const {
    return words_ == 0
               ? 1
               : static_cast<double>(in_target_) / static_cast<double>(words_);
  }

 private:
  const uint32_t target_;
  Script script_ = kNoLetter;
  int64_t letters_ = 0;
  int64_t words_ = 0;
  int64_t in_target_ = 0;
};

}  // namespace

absl::Status CheckLanguage(absl::string_view language) {
  if (ScriptsOf(language) != 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("language '", language,
                   "' is not known here; known are tags such as en, de, zh, ja "
                   "(data/verify/language_share.cc)"));
}

double LanguageShare(absl::string_view text, absl::string_view language) {
  WordCounter counter(ScriptsOf(language));
  while (!text.empty()) {
    size_t bytes = MarkupBytes(text);
    if (bytes > 0) {
      counter.EndWord();
    } else if ((bytes = Utf8SequenceBytes(text)) == 0) {
      counter.EndWord();
      bytes = 1;
    } else {
      const Script script = ScriptOf(Decode(text.substr(0, bytes)));
      if (script == kNoLetter) {
        counter.EndWord();
      } else {
        counter.Letter(script);
      }
    }
    text.remove_prefix(bytes);
  }
  counter.EndWord();
  return counter.share();
}

}  // namespace limbeck
