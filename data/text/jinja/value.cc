// Truth and equality as in Python.
#include "data/text/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "data/text/unicode_classes.h"

namespace limbeck::jinja {

Value Value::FromJson(const Json& json) {
  switch (json.kind()) {
    case Json::Kind::kNull:
      return Value();
    case Json::Kind::kBool:
      return json.boolean();
    case Json::Kind::kInt:
      return json.integer();
    case Json::Kind::kUint:
    case Json::Kind::kDouble:
      return json.number();
    case Json::Kind::kString:
      return json.string();
    case Json::Kind::kArray: {
      List list;
      for (const Json& item : json.array()) list.push_back(FromJson(item));
      return list;
    }
    case Json::Kind::kObject: {
      Dict dict;
      for (const JsonMember& member : json.object()) {
        dict.emplace_back(member.first, FromJson(member.second));
      }
      return dict;
    }
  }
  return Value();
}

Value Value::Tuple(List items) {
  Value tuple(std::move(items));
  tuple.is_tuple_ = true;
  return tuple;
}

int64_t Value::integer() const {
  if (is_bool()) return std::get<bool>(data_) ? 1 : 0;
  return std::get<int64_t>(data_);
}

double Value::number() const {
  if (is_float()) return std::get<double>(data_);
  return static_cast<double>(integer());
}

bool Value::IsTrue() const {
  if (is_undefined() || is_none()) return false;
  if (is_float()) return number() != 0.0;
  if (is_number()) return integer() != 0;
  if (is_string()) return !string().empty();
  if (is_list()) return !list().empty();
  if (is_dict()) return !dict().empty();
  return true;
}

const Value* Value::Find(absl::string_view key) const {
  const Dict* members = nullptr;
  if (is_dict()) members = &dict();
  if (is_namespace()) members = &name_space().members;
  if (members == nullptr) return nullptr;
  for (const auto& [name, value] : *members) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool Value::Equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return a.number() == b.number();
    return a.integer() == b.integer();
  }
  if (a.is_string() && b.is_string()) return a.string() == b.string();
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_undefined() || b.is_undefined()) {
    return a.is_undefined() && b.is_undefined();
  }
  if (a.is_list() && b.is_list()) {
    if (a.is_tuple() != b.is_tuple()) return false;
    return std::equal(a.list().begin(), a.list().end(), b.list().begin(),
                      b.list().end(), Equal);
  }
  if (a.is_dict() && b.is_dict()) {
    if (a.dict().size() != b.dict().size()) return false;
    return std::all_of(a.dict().begin(), a.dict().end(), [&](const auto& m) {
      const Value* other = b.Find(m.first);
      return other != nullptr && Equal(m.second, *other);
    });
  }
  if (a.is_namespace() && b.is_namespace()) {
    return &a.name_space() == &b.name_space();
  }
  return false;
}

absl::string_view Value::TypeName() const {
  if (is_undefined()) return "undefined";
  if (is_none()) return "None";
  if (is_bool()) return "bool";
  if (is_int()) return "int";
  if (is_float()) return "float";
  if (is_string()) return "str";
  if (is_tuple()) return "tuple";
  if (is_list()) return "list";
  if (is_dict()) return "dict";
  if (is_namespace()) return "namespace";
  return "function";
}

void SetMember(absl::string_view key, Value value, Dict* dict) {
  for (auto& [name, old] : *dict) {
    if (name != key) continue;
    old = std::move(value);
    return;
  }
  dict->emplace_back(std::string(key), std::move(value));
}

bool IsPythonSpace(const Character& character) {
  return character.In(kBlanks) ||
         (character.code >= 0x1C && character.code <= 0x1F);
}

size_t NumCharacters(absl::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    at += ReadCharacter(text, at).bytes;
  }
  return count;
}

std::vector<std::string> Characters(absl::string_view text) {
  std::vector<std::string> characters;
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = ReadCharacter(text, at).bytes;
    characters.emplace_back(text.substr(at, bytes));
    at += bytes;
  }
  return characters;
}

}  // namespace limbeck::jinja
