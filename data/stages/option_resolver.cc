#include "data/stages/option_resolver.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "data/base/check.h"
#include "google/protobuf/descriptor.h"

namespace limbeck {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

const FieldDescriptor* OptionResolver::Field(absl::string_view name) const {
  const FieldDescriptor* field =
      options_->GetDescriptor()->FindFieldByName(std::string(name));
  LIMBECK_CHECK(field != nullptr);
  return field;
}

bool OptionResolver::IsSet(const FieldDescriptor* field) const {
  return options_->GetReflection()->HasField(*options_, field);
}

std::string OptionResolver::Name(absl::string_view field) const {
  return absl::StrCat(options_->GetDescriptor()->name(), ".", field);
}

double OptionResolver::Number(const FieldDescriptor* field) const {
  const google::protobuf::Reflection& reflection = *options_->GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection.GetInt32(*options_, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(reflection.GetInt64(*options_, field));
    default:
      LIMBECK_CHECK(field->cpp_type() == FieldDescriptor::CPPTYPE_DOUBLE);
      return reflection.GetDouble(*options_, field);
  }
}

void OptionResolver::Refuse(absl::string_view field, absl::string_view value,
                            absl::string_view allowed) {
  if (!status_.ok()) return;
  status_ = absl::InvalidArgumentError(
      absl::StrCat(Name(field), " is ", value, "; allowed: ", allowed));
}

OptionResolver& OptionResolver::Integer(absl::string_view name,
                                        int64_t fallback, int64_t low,
                                        int64_t high) {
  const FieldDescriptor* field = Field(name);
  const google::protobuf::Reflection& reflection = *options_->GetReflection();
  const bool wide = field->cpp_type() == FieldDescriptor::CPPTYPE_INT64;
  if (!IsSet(field)) {
    if (wide) {
      reflection.SetInt64(options_, field, fallback);
    } else {
      reflection.SetInt32(options_, field, static_cast<int32_t>(fallback));
    }
  }
  const int64_t value = wide ? reflection.GetInt64(*options_, field)
                             : reflection.GetInt32(*options_, field);
  if (value < low || value > high) {
    Refuse(name, absl::StrCat(value), absl::StrCat(low, " to ", high));
  }
  return *this;
}

OptionResolver& OptionResolver::Double(absl::string_view name, double fallback,
                                       double low, double high) {
  const FieldDescriptor* field = Field(name);
  if (!IsSet(field)) {
    options_->GetReflection()->SetDouble(options_, field, fallback);
  }
  const double value = Number(field);
  if (!(value >= low && value <= high)) {
    Refuse(name, absl::StrCat(value), absl::StrCat(low, " to ", high));
  }
  return *this;
}

OptionResolver& OptionResolver::Bool(absl::string_view name, bool fallback) {
  const FieldDescriptor* field = Field(name);
  if (!IsSet(field)) {
    options_->GetReflection()->SetBool(options_, field, fallback);
  }
  return *this;
}

OptionResolver& OptionResolver::Enum(absl::string_view name, int fallback) {
  const FieldDescriptor* field = Field(name);
  const google::protobuf::Reflection& reflection = *options_->GetReflection();
  if (!IsSet(field)) reflection.SetEnumValue(options_, field, fallback);
  const int value = reflection.GetEnumValue(*options_, field);
  const EnumDescriptor& type = *field->enum_type();
  if (value != 0 && type.FindValueByNumber(value) != nullptr) return *this;
  std::vector<std::string> allowed;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) allowed.push_back(type.value(i)->name());
  }
  Refuse(name, absl::StrCat(value), absl::StrJoin(allowed, ", "));
  return *this;
}

OptionResolver& OptionResolver::String(absl::string_view name,
                                       absl::string_view fallback) {
  const FieldDescriptor* field = Field(name);
  if (!IsSet(field)) {
    options_->GetReflection()->SetString(options_, field,
                                         std::string(fallback));
  }
  return *this;
}

OptionResolver& OptionResolver::RequiredString(absl::string_view name) {
  const FieldDescriptor* field = Field(name);
  if (options_->GetReflection()->GetString(*options_, field).empty()) {
    Refuse(name, "empty", "any text; the field has no default");
  }
  return *this;
}

OptionResolver& OptionResolver::Ordered(absl::string_view low,
                                        absl::string_view high) {
  const double low_value = Number(Field(low));
  const double high_value = Number(Field(high));
  if (!(low_value <= high_value)) {
    Refuse(low, absl::StrCat(low_value),
           absl::StrCat("at most ", high, ", which is ", high_value));
  }
  return *this;
}

OptionResolver& OptionResolver::StrictlyOrdered(absl::string_view low,
                                                absl::string_view high) {
  const double low_value = Number(Field(low));
  const double high_value = Number(Field(high));
  if (!(low_value < high_value)) {
    Refuse(low, absl::StrCat(low_value),
           absl::StrCat("less than ", high, ", which is ", high_value));
  }
  return *this;
}

}  // namespace limbeck
