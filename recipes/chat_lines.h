// Chat messages of a filter's line, and the template that renders them.
#ifndef LIMBECK_RECIPES_CHAT_LINES_H_
#define LIMBECK_RECIPES_CHAT_LINES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/base/json.h"
#include "data/records.pb.h"

namespace limbeck {

// {"messages": [{"role": "user", "content": "..."}]}
absl::StatusOr<std::vector<Message>> GetMessages(const Json& line);

// OK when the tokenizer folder has the reasoning format as its chat template
// (chat_template.jinja or tokenizer_config.json). Another template, or none,
// is an error that names file and beginning.
absl::Status CheckChatTemplate(const std::string& directory);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CHAT_LINES_H_
