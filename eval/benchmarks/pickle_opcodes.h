// Opcodes of Python's pickle protocols 0 to 5 (Lib/pickle.py), by name.
#ifndef LIMBECK_EVAL_BENCHMARKS_PICKLE_OPCODES_H_
#define LIMBECK_EVAL_BENCHMARKS_PICKLE_OPCODES_H_

#include <cstdint>
#include <string>

namespace limbeck {

enum class PickleOpcode : uint8_t {
  kMark = '(',
  kStop = '.',
  kNone = 'N',
  kBinUnicode = 'X',
  kShortBinUnicode = 0x8C,
  kBinUnicode8 = 0x8D,
  kBinString = 'T',
  kShortBinString = 'U',
  kBinBytes = 'B',
  kShortBinBytes = 'C',
  kBinBytes8 = 0x8E,
  kEmptyList = ']',
  kAppend = 'a',
  kAppends = 'e',
  kList = 'l',
  kEmptyDict = '}',
  kSetItem = 's',
  kSetItems = 'u',
  kDict = 'd',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kMemoize = 0x94,
  kProto = 0x80,
  kFrame = 0x95,
};

// "REDUCE"; "0x07" for a byte that is no opcode.
std::string PickleOpcodeName(uint8_t byte);

}  // namespace limbeck

#endif  // LIMBECK_EVAL_BENCHMARKS_PICKLE_OPCODES_H_
