// The values of a chat template: Python's, as far as templates see them.
#ifndef LIMBECK_DATA_TEXT_JINJA_VALUE_H_
#define LIMBECK_DATA_TEXT_JINJA_VALUE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "data/base/json.h"
#include "data/text/unicode_classes.h"

namespace limbeck::jinja {

class Value;
struct MacroStatement;
struct Scope;

using List = std::vector<Value>;
using Dict = std::vector<std::pair<std::string, Value>>;  // in order

// A name that has no value; using it other than by testing or printing it is an
// error that tells the name.
struct Undefined {
  std::string name;
};
struct None {};
// namespace(...): the one object whose members a template can set.
struct Namespace {
  Dict members;
};
// A function of the language, by name.
struct Builtin {
  std::string name;
};
// A method that is bound to a value.
struct Method {
  std::shared_ptr<const Value> self;
  std::string name;
};
struct Macro {
  const MacroStatement* statement;
  std::shared_ptr<Scope> scope;
};

// Lists, dicts and namespaces are shared, as in Python.
class Value {
 public:
  Value() : data_(None{}) {}
  Value(Undefined value) : data_(std::move(value)) {}
  Value(None value) : data_(value) {}
  Value(bool value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char*) = delete;
  Value(std::string value) : data_(std::move(value)) {}
  Value(List value) : data_(std::make_shared<List>(std::move(value))) {}
  Value(Dict value) : data_(std::make_shared<Dict>(std::move(value))) {}
  Value(std::shared_ptr<Namespace> value) : data_(std::move(value)) {}
  Value(Builtin value) : data_(std::move(value)) {}
  Value(Method value) : data_(std::move(value)) {}
  Value(Macro value) : data_(std::move(value)) {}
  static Value FromJson(const Json& json);
  // A list that prints as (a, b) and equals no list.
  static Value Tuple(List items);

  bool is_undefined() const { return Is<Undefined>(); }
  bool is_none() const { return Is<None>(); }
  bool is_bool() const { return Is<bool>(); }
  bool is_int() const { return Is<int64_t>(); }
  bool is_float() const { return Is<double>(); }
  bool is_number() const { return is_int() || is_float() || is_bool(); }
  bool is_string() const { return Is<std::string>(); }
  bool is_list() const { return Is<std::shared_ptr<List>>(); }  // or tuple
  bool is_tuple() const { return is_tuple_; }
  bool is_dict() const { return Is<std::shared_ptr<Dict>>(); }
  bool is_namespace() const { return Is<std::shared_ptr<Namespace>>(); }
  bool is_callable() const {
    return Is<Builtin>() || Is<Method>() || Is<Macro>();
  }

  // The kind must match.
  const std::string& string() const { return std::get<std::string>(data_); }
  const List& list() const { return *std::get<std::shared_ptr<List>>(data_); }
  const Dict& dict() const { return *std::get<std::shared_ptr<Dict>>(data_); }
  Namespace& name_space() const {
    return *std::get<std::shared_ptr<Namespace>>(data_);
  }
  int64_t integer() const;  // an int or a bool
  double number() const;    // any number
  const Undefined& undefined() const { return std::get<Undefined>(data_); }
  template <typename Kind>
  const Kind* As() const {
    return std::get_if<Kind>(&data_);
  }

  bool IsTrue() const;
  // Member of a dict or namespace; nullptr: none.
  const Value* Find(absl::string_view key) const;
  // Whether both are one list or dict, or equal numbers, texts, None.
  static bool Equal(const Value& a, const Value& b);

  // "int", "str", ... as Python calls it.
  absl::string_view TypeName() const;

 private:
  template <typename Kind>
  bool Is() const {
    return std::holds_alternative<Kind>(data_);
  }

  std::variant<None, Undefined, bool, int64_t, double, std::string,
               std::shared_ptr<List>, std::shared_ptr<Dict>,
               std::shared_ptr<Namespace>, Builtin, Method, Macro>
      data_;
  bool is_tuple_ = false;
};

void SetMember(absl::string_view key, Value value, Dict* dict);

// str(value) as Python prints it. Errors: callables and namespaces, text whose
// repr needs Python's table of printable characters.
absl::StatusOr<std::string> ToText(const Value& value);

struct JsonStyle {
  int64_t indent = -1;  // -1: one line
  std::string item_separator;
  std::string key_separator;
  bool ensure_ascii = false;
  bool sort_keys = false;
};
// json.dumps(value). Errors: values that JSON does not have.
absl::StatusOr<std::string> ToJson(const Value& value, const JsonStyle& style);

// repr of a double, as Python writes it.
std::string FloatText(double value);

// White space as str.isspace and str.strip have it: White_Space and U+001C to
// U+001F.
bool IsPythonSpace(const Character& character);

// Characters, not bytes.
size_t NumCharacters(absl::string_view text);
std::vector<std::string> Characters(absl::string_view text);

}  // namespace limbeck::jinja

#endif  // LIMBECK_DATA_TEXT_JINJA_VALUE_H_
