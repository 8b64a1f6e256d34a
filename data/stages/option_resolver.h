// Fills the unset fields of an options message and checks the set ones, so
// that defaults and ranges stand in one line per field.
#ifndef LIMBECK_DATA_STAGES_OPTION_RESOLVER_H_
#define LIMBECK_DATA_STAGES_OPTION_RESOLVER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace limbeck {

// Works on one message of `optional` fields, named as in the .proto; an
// unknown name is a programmer's mistake. The first error is kept.
class OptionResolver {
 public:
  explicit OptionResolver(google::protobuf::Message* options)
      : options_(options) {}

  // Integer fields of any width: [low, high], both included.
  OptionResolver& Integer(absl::string_view field, int64_t fallback,
                          int64_t low, int64_t high);
  OptionResolver& Double(absl::string_view field, double fallback, double low,
                         double high);
  OptionResolver& Bool(absl::string_view field, bool fallback);
  // Unspecified (0) and unknown values are refused.
  OptionResolver& Enum(absl::string_view field, int fallback);
  OptionResolver& String(absl::string_view field, absl::string_view fallback);
  OptionResolver& RequiredString(absl::string_view field);
  // The resolved `low` field must not exceed (or, strictly, reach) `high`.
  OptionResolver& Ordered(absl::string_view low, absl::string_view high);
  OptionResolver& StrictlyOrdered(absl::string_view low,
                                  absl::string_view high);

  const absl::Status& status() const { return status_; }

 private:
  const google::protobuf::FieldDescriptor* Field(absl::string_view name) const;
  bool IsSet(const google::protobuf::FieldDescriptor* field) const;
  // "FilterOptions.min_output_tokens"
  std::string Name(absl::string_view field) const;
  double Number(const google::protobuf::FieldDescriptor* field) const;
  void Refuse(absl::string_view field, absl::string_view value,
              absl::string_view allowed);

  google::protobuf::Message* options_;
  absl::Status status_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_STAGES_OPTION_RESOLVER_H_
