// Records as text for people: long values shortened, ids as hexadecimal.
#ifndef LIMBECK_RECIPES_CONSOLE_RECORD_TEXT_H_
#define LIMBECK_RECIPES_CONSOLE_RECORD_TEXT_H_

#include <string>

#include "google/protobuf/message.h"

namespace limbeck {

enum class RecordDetail {
  kShort,  // lists and texts cut, with their sizes; bytes of no text as hex
  kFull,   // Protobuf text format, everything
};

// Fields that are not set are left out. kShort is no format to be read again.
std::string RecordText(const google::protobuf::Message& record,
                       RecordDetail detail);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_RECORD_TEXT_H_
