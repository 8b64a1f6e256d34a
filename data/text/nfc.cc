// Decompose, order marks by combining class, compose.
#include "data/text/nfc.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "data/base/utf8.h"
#include "data/text/nfc_tables.h"
#include "data/text/unicode_classes.h"

namespace limbeck {
namespace {

// Hangul syllables are computed (Unicode Standard, section 3.12).
constexpr uint32_t kSyllables = 0xAC00;
constexpr uint32_t kLeads = 0x1100;
constexpr uint32_t kVowels = 0x1161;
constexpr uint32_t kTrails = 0x11A7;  // the first stands for none
constexpr uint32_t kNumLeads = 19;
constexpr uint32_t kNumVowels = 21;
constexpr uint32_t kNumTrails = 28;
constexpr uint32_t kNumSyllables = kNumLeads * kNumVowels * kNumTrails;

constexpr uint32_t kFirstSensitive = 0x300;  // below, NFC changes nothing

struct Parts {
  uint32_t first;
  uint32_t second;
};

uint64_t KeyOf(uint32_t first, uint32_t second) {
  return uint64_t{first} << 32 | second;
}

// The generated tables as maps.
struct Maps {
  std::unordered_map<uint32_t, uint8_t> combining;
  std::unordered_map<uint32_t, Parts> decomposed;
  std::unordered_map<uint64_t, uint32_t> composed;
  std::vector<bool> sensitive;  // by code point
};

Maps MakeMaps() {
  Maps maps;
  maps.sensitive.resize(0x110000);
  for (const CombiningRange& range : CombiningRanges()) {
    for (uint32_t code = range.first; code <= range.last; ++code) {
      maps.combining[code] = range.combining_class;
      maps.sensitive[code] = true;
    }
  }
  for (const Decomposition& entry : Decompositions()) {
    maps.decomposed[entry.code] = {entry.first, entry.second};
    if (entry.joins) {
      maps.composed[KeyOf(entry.first, entry.second)] = entry.code;
      maps.sensitive[entry.second] = true;
    } else {
      maps.sensitive[entry.code] = true;
    }
  }
  for (uint32_t code = kVowels; code < kTrails + kNumTrails; ++code) {
    maps.sensitive[code] = true;
  }
  return maps;
}

const Maps& GetMaps() {
  static const Maps* maps = new Maps(MakeMaps());
  return *maps;
}

// A character, or a byte that is no UTF-8.
struct Unit {
  uint32_t code;
  uint8_t combining_class;
  bool is_byte;
};

void AppendCharacter(uint32_t code, std::vector<Unit>* units) {
  const auto found = GetMaps().combining.find(code);
  const bool is_mark = found != GetMaps().combining.end();
  units->push_back({code, is_mark ? found->second : uint8_t{0}, false});
}

void AppendDecomposed(uint32_t code, std::vector<Unit>* units) {
  if (code >= kSyllables && code < kSyllables + kNumSyllables) {
    const uint32_t index = code - kSyllables;
    const uint32_t trail = index % kNumTrails;
    AppendCharacter(kLeads + index / (kNumVowels * kNumTrails), units);
    AppendCharacter(kVowels + index / kNumTrails % kNumVowels, units);
    if (trail > 0) AppendCharacter(kTrails + trail, units);
    return;
  }
  const auto found = GetMaps().decomposed.find(code);
  if (found == GetMaps().decomposed.end()) {
    AppendCharacter(code, units);
    return;
  }
  AppendDecomposed(found->second.first, units);
  if (found->second.second != 0) AppendDecomposed(found->second.second, units);
}

std::vector<Unit> Decomposed(absl::string_view text) {
  std::vector<Unit> units;
  units.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character character = ReadCharacter(text, at);
    if (character.code == UINT32_MAX) {
      units.push_back({static_cast<uint8_t>(text[at]), 0, true});
    } else {
      AppendDecomposed(character.code, &units);
    }
    at += character.bytes;
  }
  return units;
}

void OrderMarks(std::vector<Unit>* units) {
  for (auto at = units->begin(); at != units->end();) {
    const auto is_starter = [](const Unit& u) {
      return u.combining_class == 0;
    };
    const auto begin = std::find_if_not(at, units->end(), is_starter);
    const auto end = std::find_if(begin, units->end(), is_starter);
    std::stable_sort(begin, end, [](const Unit& a, const Unit& b) {
      return a.combining_class < b.combining_class;
    });
    at = end;
  }
}

// 0: they do not join.
uint32_t Joined(uint32_t first, uint32_t second) {
  if (first >= kLeads && first < kLeads + kNumLeads && second >= kVowels &&
      second < kVowels + kNumVowels) {
    return kSyllables +
           ((first - kLeads) * kNumVowels + (second - kVowels)) * kNumTrails;
  }
  if (first >= kSyllables && first < kSyllables + kNumSyllables &&
      (first - kSyllables) % kNumTrails == 0 && second > kTrails &&
      second < kTrails + kNumTrails) {
    return first + (second - kTrails);
  }
  const auto found = GetMaps().composed.find(KeyOf(first, second));
  return found == GetMaps().composed.end() ? 0 : found->second;
}

// A mark joins the last starter unless one of its own or a higher class, or
// another starter, stands between.
void Compose(std::vector<Unit>* units) {
  std::vector<Unit> result;
  result.reserve(units->size());
  size_t starter = SIZE_MAX;
  for (const Unit& unit : *units) {
    if (starter != SIZE_MAX && !unit.is_byte) {
      const bool next = result.size() == starter + 1;
      const uint8_t last = result.back().combining_class;
      const bool blocked = !next && (last == 0 || last >= unit.combining_class);
      const uint32_t joined =
          blocked ? 0 : Joined(result[starter].code, unit.code);
      if (joined != 0) {
        result[starter].code = joined;
        continue;
      }
    }
    result.push_back(unit);
    if (unit.combining_class == 0) {
      starter = unit.is_byte ? SIZE_MAX : result.size() - 1;
    }
  }
  *units = std::move(result);
}

}  // namespace

bool IsPlainNfc(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Character character = ReadCharacter(text, at);
    if (character.code != UINT32_MAX && character.code >= kFirstSensitive &&
        GetMaps().sensitive[character.code]) {
      return false;
    }
    at += character.bytes;
  }
  return true;
}

std::string ToNfc(absl::string_view text) {
  if (IsPlainNfc(text)) return std::string(text);
  std::vector<Unit> units = Decomposed(text);
  OrderMarks(&units);
  Compose(&units);
  std::string result;
  result.reserve(text.size());
  for (const Unit& unit : units) {
    if (unit.is_byte) {
      result.push_back(static_cast<char>(unit.code));
    } else {
      AppendUtf8(unit.code, &result);
    }
  }
  return result;
}

}  // namespace limbeck
