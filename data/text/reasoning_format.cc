// Tags are searched for as bytes: content may be any byte string without a
// tag, which makes rendering injective and its inverse exact. Two tags cannot
// overlap, since '<' appears in them only as the first byte.
#include "data/text/reasoning_format.h"

#include <array>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr absl::string_view kTemplate =
    "{%- set ns = namespace(last='') -%}"
    "{%- if not messages -%}{{ raise_exception('there is no message') }}"
    "{%- endif -%}"
    "{%- for message in messages -%}"
    "{%- if message['role'] == ns.last -%}"
    "{{- raise_exception('two consecutive messages of one role') -}}"
    "{%- endif -%}"
    "{%- if message['role'] == 'system' -%}{{- '<|system|>' -}}"
    "{%- elif message['role'] == 'user' -%}{{- '<|user|>' -}}"
    "{%- elif message['role'] == 'assistant' -%}{{- '<|assistant|>' -}}"
    "{%- else -%}{{- raise_exception('unknown role') -}}{%- endif -%}"
    "{%- for tag in ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>', "
    "'<think>', '</think>'] -%}"
    "{%- if tag in message['content'] -%}"
    "{{- raise_exception('a tag inside a message') -}}"
    "{%- endif -%}{%- endfor -%}"
    "{{- message['content'] + '<|end|>' -}}"
    "{%- set ns.last = message['role'] -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}"
    "{%- if ns.last == 'assistant' -%}"
    "{{- raise_exception('two consecutive messages of one role') -}}"
    "{%- endif -%}"
    "{{- '<|assistant|><think>\\n' -}}"
    "{%- endif -%}";

struct RoleTag {
  Role role;
  absl::string_view tag;
};
constexpr std::array<RoleTag, 3> kRoleTags = {
    {{ROLE_SYSTEM, kSystemTag},
     {ROLE_USER, kUserTag},
     {ROLE_ASSISTANT, kAssistantTag}}};

absl::string_view TagOfRole(Role role) {
  for (const RoleTag& entry : kRoleTags) {
    if (entry.role == role) return entry.tag;
  }
  return {};
}

// First tag inside the text, empty when there is none.
absl::string_view TagInside(absl::string_view text) {
  for (const std::string& tag : ReasoningFormatTags()) {
    if (absl::StrContains(text, tag)) return tag;
  }
  return {};
}

absl::Status CheckMessage(const Message& message, Role previous, size_t index) {
  if (TagOfRole(message.role()).empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("message ", index, " has the unknown role ",
                     static_cast<int>(message.role())));
  }
  if (message.role() == previous) {
    return absl::InvalidArgumentError(
        absl::StrCat("messages ", index - 1, " and ", index, " are both of ",
                     Role_Name(message.role())));
  }
  const absl::string_view tag = TagInside(message.content());
  if (!tag.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "message ", index, " contains the tag ", tag, " of the format"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Role> ConsumeRole(absl::string_view* text, size_t offset) {
  for (const RoleTag& entry : kRoleTags) {
    if (absl::ConsumePrefix(text, entry.tag)) return entry.role;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "byte ", offset, ": expected a role tag such as ", kUserTag));
}

Span MakeSpan(size_t begin, size_t end) {
  Span span;
  span.set_begin(begin);
  span.set_end(end);
  return span;
}

size_t CountOf(absl::string_view text, absl::string_view tag) {
  size_t count = 0;
  for (size_t at = text.find(tag); at != absl::string_view::npos;
       at = text.find(tag, at + tag.size())) {
    ++count;
  }
  return count;
}

// Why `visible` (without its own opening tag) is not well formed with so many
// closing tags; empty: it is.
std::string FindProblem(absl::string_view visible, absl::string_view after,
                        size_t wanted_closes) {
  const size_t closes = CountOf(visible, kThinkCloseTag);
  if (closes < wanted_closes) return absl::StrCat("no ", kThinkCloseTag);
  if (closes > wanted_closes) {
    return absl::StrCat(closes, " times ", kThinkCloseTag);
  }
  if (absl::StrContains(visible, kThinkOpenTag)) {
    return absl::StrCat("a second ", kThinkOpenTag);
  }
  for (const RoleTag& entry : kRoleTags) {
    if (absl::StrContains(visible, entry.tag)) {
      return absl::StrCat("the role tag ", entry.tag);
    }
  }
  if (!after.empty()) return absl::StrCat("text after ", kEndTag);
  return "";
}

}  // namespace

const std::vector<std::string>& ReasoningFormatTags() {
  static const auto* tags = new std::vector<std::string>{
      std::string(kSystemTag),    std::string(kUserTag),
      std::string(kAssistantTag), std::string(kEndTag),
      std::string(kThinkOpenTag), std::string(kThinkCloseTag)};
  return *tags;
}

absl::StatusOr<std::string> RenderMessages(const std::vector<Message>& messages,
                                           bool add_generation_prompt) {
  if (messages.empty()) {
    return absl::InvalidArgumentError("there is no message to render");
  }
  std::string text;
  Role previous = ROLE_UNSPECIFIED;
  for (size_t i = 0; i < messages.size(); ++i) {
    LIMBECK_RETURN_IF_ERROR(CheckMessage(messages[i], previous, i));
    previous = messages[i].role();
    absl::StrAppend(&text, TagOfRole(previous), messages[i].content(), kEndTag);
  }
  if (add_generation_prompt) {
    if (previous == ROLE_ASSISTANT) {
      return absl::InvalidArgumentError(
          absl::StrCat("message ", messages.size() - 1,
                       " is the assistant's, a generation prompt cannot "
                       "follow it"));
    }
    absl::StrAppend(&text, kAssistantTag, kThinkOpenTag, "\n");
  }
  return text;
}

absl::StatusOr<std::vector<Message>> ParseMessages(absl::string_view text) {
  if (text.empty()) {
    return absl::InvalidArgumentError("there is no message in an empty text");
  }
  std::vector<Message> messages;
  Role previous = ROLE_UNSPECIFIED;
  absl::string_view rest = text;
  while (!rest.empty()) {
    const size_t offset = text.size() - rest.size();
    LIMBECK_ASSIGN_OR_RETURN(const Role role, ConsumeRole(&rest, offset));
    const size_t end = rest.find(kEndTag);
    if (end == absl::string_view::npos) {
      return absl::InvalidArgumentError(
          absl::StrCat("the message at byte ", offset, " has no ", kEndTag));
    }
    Message message;
    message.set_role(role);
    message.set_content(std::string(rest.substr(0, end)));
    LIMBECK_RETURN_IF_ERROR(CheckMessage(message, previous, messages.size()));
    previous = role;
    messages.push_back(std::move(message));
    rest.remove_prefix(end + kEndTag.size());
  }
  return messages;
}

std::string RenderOutput(absl::string_view thought, absl::string_view answer) {
  return absl::StrCat(thought, kThinkCloseTag, answer);
}

absl::string_view TurnPrefix(absl::string_view prompt) {
  absl::string_view head = absl::StripTrailingAsciiWhitespace(prompt);
  if (absl::ConsumeSuffix(&head, kThinkCloseTag)) {
    absl::string_view open = absl::StripTrailingAsciiWhitespace(head);
    if (absl::ConsumeSuffix(&open, kThinkOpenTag)) head = open;
    return prompt.substr(head.size());
  }
  if (absl::ConsumeSuffix(&head, kThinkOpenTag)) {
    return prompt.substr(head.size());
  }
  return "";
}

ThoughtState ThoughtStateAfter(absl::string_view prompt) {
  const absl::string_view prefix = TurnPrefix(prompt);
  if (prefix.empty()) return ThoughtState::kNotBegun;
  return absl::StrContains(prefix, kThinkCloseTag) ? ThoughtState::kClosed
                                                   : ThoughtState::kOpen;
}

OutputParts SplitOutput(absl::string_view raw_output) {
  return SplitOutput(raw_output, ThoughtState::kOpen);
}

OutputParts SplitOutput(absl::string_view raw_output, ThoughtState state) {
  OutputParts parts;
  const size_t end_tag = raw_output.find(kEndTag);
  const bool ended = end_tag != absl::string_view::npos;
  const size_t size = ended ? end_tag : raw_output.size();
  const absl::string_view after =
      ended ? raw_output.substr(end_tag + kEndTag.size()) : "";

  absl::string_view visible = raw_output.substr(0, size);
  const bool is_answer = state == ThoughtState::kClosed ||
                         (state == ThoughtState::kNotBegun &&
                          !absl::StrContains(visible, kThinkOpenTag) &&
                          !absl::StrContains(visible, kThinkCloseTag));
  if (is_answer) {
    parts.has_thought = false;
    parts.problem = FindProblem(visible, after, 0);
    parts.well_formed = parts.problem.empty();
    parts.think = MakeSpan(0, 0);
    parts.answer = MakeSpan(0, size);
    return parts;
  }
  size_t begin = 0;
  if (absl::ConsumePrefix(&visible, kThinkOpenTag)) {
    parts.repaired_open_tag = state == ThoughtState::kOpen;
    // The generation prompt has the line break too.
    absl::ConsumePrefix(&visible, "\n");
    begin = size - visible.size();
  }
  parts.problem = FindProblem(visible, after, 1);
  if (state == ThoughtState::kNotBegun && begin == 0) {
    parts.problem = absl::StrCat("no ", kThinkOpenTag, " at the start");
  }
  parts.well_formed = parts.problem.empty();

  const size_t close = visible.rfind(kThinkCloseTag);
  if (close == absl::string_view::npos) {
    parts.think = MakeSpan(begin, size);
    parts.answer = MakeSpan(size, size);
  } else {
    parts.think = MakeSpan(begin, begin + close);
    parts.answer = MakeSpan(begin + close + kThinkCloseTag.size(), size);
  }
  return parts;
}

absl::string_view ReasoningChatTemplate() { return kTemplate; }

std::string ReasoningFormatFingerprint() { return Sha256Hex(kTemplate); }

}  // namespace limbeck
