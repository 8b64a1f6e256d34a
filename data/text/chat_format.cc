#include "data/text/chat_format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "data/base/check.h"
#include "data/base/digest.h"
#include "data/base/file.h"
#include "data/base/status_macros.h"
#include "data/text/chat_messages.h"
#include "data/text/chat_options_text.h"
#include "data/text/reasoning_format.h"
#include "data/text/tokenizer_config.h"

namespace limbeck {
namespace {

// What no template writes by itself.
constexpr absl::string_view kProbe = "limbeck:answer";

ChatTemplate BuiltInTemplate() {
  absl::StatusOr<ChatTemplate> parsed =
      ChatTemplate::Parse(std::string(ReasoningChatTemplate()));
  LIMBECK_CHECK(parsed.ok());
  return *std::move(parsed);
}

absl::string_view RoleName(Role role) {
  switch (role) {
    case ROLE_SYSTEM:
      return "system";
    case ROLE_USER:
      return "user";
    case ROLE_ASSISTANT:
      return "assistant";
    default:
      return "unknown";
  }
}

Json MessageJson(absl::string_view role, absl::string_view content) {
  Json message = Json::Object();
  message.Set("role", role);
  message.Set("content", content);
  return message;
}

// As Llama's templates write a day: "26 Jul 2024".
std::string DateString(const std::string& date) {
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr",
                                                   "May", "Jun", "Jul", "Aug",
                                                   "Sep", "Oct", "Nov", "Dec"};
  absl::CivilDay day;
  LIMBECK_CHECK(absl::ParseCivilTime(date, &day));
  const auto month = static_cast<size_t>(day.month() - 1);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%02d %s %04d", day.day(),
                kMonths[month], static_cast<int>(day.year()));
  return text.data();
}

void SetUnlessGiven(absl::string_view name, Json value, Json& variables) {
  if (variables.Find(name) == nullptr) variables.Set(name, std::move(value));
}

// No option that changes what RenderMessages writes before the think tag.
bool LeavesMessagesAlone(const ChatOptions& options) {
  return !options.has_system_prompt() && !options.has_earlier_thoughts();
}

bool LooksLikeTag(absl::string_view text) {
  return text.size() > 2 && text.front() == '<' && text.back() == '>';
}

absl::StatusOr<bool> VocabularyHasTags(const std::string& directory) {
  LIMBECK_ASSIGN_OR_RETURN(const std::shared_ptr<const Tokenizer> tokenizer,
                           LoadTokenizer(directory));
  return tokenizer->IdOf(kEndTag) >= 0;
}

}  // namespace

ChatFormat::ChatFormat(ChatTemplate chat_template, ChatOptions options,
                       bool is_built_in)
    : template_(std::move(chat_template)),
      options_(std::move(options)),
      is_built_in_(is_built_in) {}

ChatFormat ChatFormat::BuiltIn() {
  return ChatFormat(BuiltInTemplate(), ChatOptions(), true);
}

absl::StatusOr<ChatFormat> ChatFormat::Load(const std::string& directory,
                                            const ChatOptions& options) {
  LIMBECK_RETURN_IF_ERROR(CheckChatOptions(options));
  absl::StatusOr<ChatTemplate> loaded =
      LoadChatTemplate(directory, options.template_name());
  if (absl::IsNotFound(loaded.status()) && options.template_name().empty()) {
    const absl::StatusOr<bool> has_tags = VocabularyHasTags(directory);
    if (!has_tags.ok() || !*has_tags) {
      return absl::NotFoundError(absl::StrCat(
          loaded.status().message(), "; nor does its vocabulary have ", kEndTag,
          ", which the built-in format needs"));
    }
    return ChatFormat(BuiltInTemplate(), options, true);
  }
  if (!loaded.ok()) return loaded.status();
  const bool is_built_in = loaded->text() == ReasoningChatTemplate();
  ChatFormat format(*std::move(loaded), options, is_built_in);
  LIMBECK_ASSIGN_OR_RETURN(format.tokens_, TemplateTokens(directory));
  LIMBECK_RETURN_IF_ERROR(format.ReadControlTokens(directory));
  return format;
}

void ChatFormat::AddControlTokens(const Json& entry) {
  const Json* content = entry.Find("content");
  if (content == nullptr || !content->is_string()) return;
  const Json* special = entry.Find("special");
  const bool is_special =
      special != nullptr && special->is_bool() && special->boolean();
  if (is_special || LooksLikeTag(content->string())) {
    control_tokens_.push_back(content->string());
  }
}

absl::Status ChatFormat::ReadControlTokens(const std::string& directory) {
  for (const JsonMember& member : tokens_.object()) {
    if (member.second.is_string()) {
      control_tokens_.push_back(member.second.string());
    }
  }
  LIMBECK_ASSIGN_OR_RETURN(
      const Json config,
      ReadConfigObject(JoinPath(directory, "tokenizer_config.json")));
  const Json* added = config.Find("added_tokens_decoder");
  if (added != nullptr && added->is_object()) {
    for (const JsonMember& member : added->object()) {
      AddControlTokens(member.second);
    }
  } else {
    LIMBECK_ASSIGN_OR_RETURN(
        const Json tokenizer,
        ReadConfigObject(JoinPath(directory, "tokenizer.json")));
    const Json* list = tokenizer.Find("added_tokens");
    if (list != nullptr && list->is_array()) {
      for (const Json& entry : list->array()) AddControlTokens(entry);
    }
  }
  for (const std::string& token : control_tokens_) {
    AddedToken added_token;
    added_token.content = token;
    control_matcher_.Add(added_token);
  }
  return absl::OkStatus();
}

bool ChatFormat::IsControlToken(absl::string_view text) const {
  return std::find(control_tokens_.begin(), control_tokens_.end(), text) !=
         control_tokens_.end();
}

absl::StatusOr<std::string> ChatFormat::RenderWith(const ChatOptions& options,
                                                   Json variables,
                                                   const Json& messages) const {
  LIMBECK_ASSIGN_OR_RETURN(Json prepared, PrepareMessages(messages, options));
  variables.Set("messages", std::move(prepared));
  if (options.has_enable_thinking()) {
    variables.Set("enable_thinking", options.enable_thinking());
  }
  if (options.has_date()) {
    SetUnlessGiven("date_string", DateString(options.date()), variables);
  }
  LIMBECK_ASSIGN_OR_RETURN(std::string text,
                           template_.Render(variables, options.date()));
  if (options.earlier_thoughts() == ChatOptions::EARLIER_THOUGHTS_KEEP) {
    text = RestoreThoughtTags(std::move(text));
  }
  const Json* prompt = variables.Find("add_generation_prompt");
  if (prompt == nullptr || !prompt->boolean()) return text;
  return ApplyThinkTag(std::move(text), options);
}

absl::StatusOr<std::string> ChatFormat::Render(
    const Json& conversation, bool add_generation_prompt) const {
  const Json* messages = conversation.Find("messages");
  if (messages == nullptr || !messages->is_array()) {
    return absl::InvalidArgumentError(
        "\"messages\" is missing or no array of {\"role\", \"content\"}");
  }
  for (size_t i = 0; i < messages->array().size(); ++i) {
    const absl::Status role = messages->array()[i].GetString("role").status();
    if (role.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("messages[", i, "]: ", role.message()));
  }
  LIMBECK_ASSIGN_OR_RETURN(const ChatOptions options,
                           ChatOptionsOfLine(conversation, options_));
  LIMBECK_ASSIGN_OR_RETURN(
      const bool prompt,
      conversation.GetBool("add_generation_prompt", add_generation_prompt));
  Json variables = tokens_;
  for (const JsonMember& member : conversation.object()) {
    const bool is_option =
        member.first == "id" || member.first == "messages" ||
        ChatOptions::descriptor()->FindFieldByName(member.first) != nullptr;
    if (!is_option) variables.Set(member.first, member.second);
  }
  variables.Set("add_generation_prompt", prompt);
  return RenderWith(options, std::move(variables), *messages);
}

absl::Status ChatFormat::CheckControlTokens(
    const std::vector<Message>& messages) const {
  for (size_t i = 0; i < messages.size(); ++i) {
    std::string found;
    control_matcher_.Split(messages[i].content(), [&](absl::string_view part,
                                                      int32_t id) {
      const bool is_thought = messages[i].role() == ROLE_ASSISTANT &&
                              (part == kThinkOpenTag || part == kThinkCloseTag);
      if (id >= 0 && !is_thought) found = std::string(part);
    });
    if (found.empty()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("message ", i, " contains ", found,
                     ", a control token of the tokenizer"));
  }
  return absl::OkStatus();
}

absl::StatusOr<ChatPrompt> ChatFormat::Prompt(
    const std::vector<Message>& messages) const {
  ChatPrompt prompt;
  if (is_built_in_ && LeavesMessagesAlone(options_)) {
    LIMBECK_ASSIGN_OR_RETURN(
        prompt.text, RenderMessages(messages, /*add_generation_prompt=*/true));
    LIMBECK_ASSIGN_OR_RETURN(prompt.text,
                             ApplyThinkTag(std::move(prompt.text), options_));
  } else {
    LIMBECK_RETURN_IF_ERROR(CheckControlTokens(messages));
    Json list = Json::Array();
    for (const Message& message : messages) {
      list.Push(MessageJson(RoleName(message.role()), message.content()));
    }
    Json variables = tokens_;
    variables.Set("add_generation_prompt", true);
    LIMBECK_ASSIGN_OR_RETURN(prompt.text,
                             RenderWith(options_, std::move(variables), list));
  }
  prompt.turn_prefix = std::string(TurnPrefix(prompt.text));
  return prompt;
}

// Empty where the template refuses the probe or changes it.
std::string ChatFormat::TextBehindTurn() const {
  Json list = Json::Array();
  list.Push(MessageJson("user", "x"));
  list.Push(MessageJson("assistant", kProbe));
  Json variables = tokens_;
  variables.Set("add_generation_prompt", false);
  const absl::StatusOr<std::string> text =
      RenderWith(options_, std::move(variables), list);
  if (!text.ok()) return "";
  const size_t at = absl::string_view(*text).rfind(kProbe);
  if (at == text->npos) return "";
  return std::string(
      absl::StripLeadingAsciiWhitespace(text->substr(at + kProbe.size())));
}

absl::StatusOr<int32_t> ChatFormat::TurnEndId(
    const Tokenizer& tokenizer) const {
  std::string end;
  if (is_built_in_) {
    end = std::string(kEndTag);
  } else if (const std::string text = TextBehindTurn(); !text.empty()) {
    LIMBECK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                             tokenizer.Encode(text));
    LIMBECK_ASSIGN_OR_RETURN(const std::string piece,
                             tokenizer.PieceOf(ids.at(0)));
    const auto& ends = tokenizer.end_ids();
    const bool is_end =
        std::find(ends.begin(), ends.end(), ids[0]) != ends.end();
    if (is_end || IsControlToken(piece)) return ids[0];
  }
  if (end.empty()) {
    if (const Json* eos = tokens_.Find("eos_token")) end = eos->string();
  }
  const int32_t id = end.empty() ? -1 : tokenizer.IdOf(end);
  if (id >= 0) return id;
  if (end.empty() && !tokenizer.end_ids().empty())
    return tokenizer.end_ids()[0];
  return absl::FailedPreconditionError(absl::StrCat(
      "tokenizer ", tokenizer.fingerprint(),
      end.empty() ? " names no eos_token" : absl::StrCat(" has no token ", end),
      ", which has to end the ",
      is_built_in_ ? "turns of the reasoning format" : "assistant's turns"));
}

absl::Status ChatFormat::Check(const std::string& directory) const {
  Message question;
  question.set_role(ROLE_USER);
  question.set_content("1+1?");
  const absl::Status status = Prompt({question}).status();
  if (status.ok()) return status;
  return absl::Status(
      status.code(),
      absl::StrCat(directory, ": the chat template cannot write a question: ",
                   status.message()));
}

std::string ChatFormat::Fingerprint() const {
  return Sha256Hex(template_.text());
}

}  // namespace limbeck
