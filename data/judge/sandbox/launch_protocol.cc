#include "data/judge/sandbox/launch_protocol.h"

#include <cstring>

namespace limbeck {
namespace {

// Both ends are the same build on the same machine: numbers travel as they lie
// in memory.
class Encoder {
 public:
  void operator()(uint64_t value) {
    char raw[sizeof(value)];
    std::memcpy(raw, &value, sizeof(value));
    bytes_.append(raw, sizeof(value));
  }
  void operator()(bool value) { (*this)(uint64_t{value}); }
  void operator()(LaunchLevel value) { (*this)(static_cast<uint64_t>(value)); }
  void operator()(LaunchStop value) { (*this)(static_cast<uint64_t>(value)); }
  void operator()(const std::string& text) {
    (*this)(uint64_t{text.size()});
    bytes_.append(text);
  }
  void operator()(const LaunchFile& file) {
    (*this)(file.name);
    (*this)(file.content);
    (*this)(file.executable);
  }
  void operator()(const std::pair<std::string, std::string>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }
  template <typename T>
  void operator()(const std::vector<T>& items) {
    (*this)(uint64_t{items.size()});
    for (const T& item : items) (*this)(item);
  }

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  void operator()(uint64_t& value) {
    value = 0;
    if (!Has(sizeof(value))) return;
    std::memcpy(&value, rest_.data(), sizeof(value));
    rest_.remove_prefix(sizeof(value));
  }
  void operator()(bool& value) { value = Number() != 0; }
  void operator()(LaunchLevel& value) {
    value = static_cast<LaunchLevel>(Number());
  }
  void operator()(LaunchStop& value) {
    value = static_cast<LaunchStop>(Number());
  }
  void operator()(std::string& text) {
    const uint64_t size = Number();
    if (!Has(size)) return;
    text.assign(rest_.substr(0, size));
    rest_.remove_prefix(size);
  }
  void operator()(LaunchFile& file) {
    (*this)(file.name);
    (*this)(file.content);
    (*this)(file.executable);
  }
  void operator()(std::pair<std::string, std::string>& pair) {
    (*this)(pair.first);
    (*this)(pair.second);
  }
  template <typename T>
  void operator()(std::vector<T>& items) {
    items.clear();
    const uint64_t size = Number();
    // Each item takes eight bytes at least, so that a wrong count ends here.
    for (uint64_t i = 0; i < size && fine_; ++i) {
      (*this)(items.emplace_back());
    }
  }

  bool AtEnd() const { return fine_ && rest_.empty(); }

 private:
  bool Has(uint64_t size) {
    fine_ = fine_ && rest_.size() >= size;
    return fine_;
  }
  uint64_t Number() {
    uint64_t value = 0;
    (*this)(value);
    return value;
  }

  std::string_view rest_;
  bool fine_ = true;
};

// One list of the fields, for both directions.
template <typename Visitor, typename Plan>
void VisitPlan(Visitor& visit, Plan& plan) {
  visit(plan.level);
  visit(plan.argv);
  visit(plan.environment);
  visit(plan.files);
  visit(plan.collect);
  visit(plan.read_only_folders);
  visit(plan.scratch_directory);
  visit(plan.control_group);
  visit(plan.filter);
  visit(plan.cpu_nanoseconds);
  visit(plan.wall_nanoseconds);
  visit(plan.memory_bytes);
  visit(plan.file_bytes);
  visit(plan.processes);
  visit(plan.side_channel);
}

template <typename Visitor, typename Report>
void VisitReport(Visitor& visit, Report& report) {
  visit(report.failure);
  visit(report.stop);
  visit(report.wait_status);
  visit(report.cpu_nanoseconds);
  visit(report.wall_nanoseconds);
  visit(report.peak_bytes);
  visit(report.waited_nanoseconds);
  visit(report.collected);
}

}  // namespace

std::string EncodePlan(const LaunchPlan& plan) {
  Encoder encoder;
  VisitPlan(encoder, plan);
  return encoder.Take();
}

std::string EncodeReport(const LaunchReport& report) {
  Encoder encoder;
  VisitReport(encoder, report);
  return encoder.Take();
}

bool DecodePlan(std::string_view bytes, LaunchPlan& plan) {
  Decoder decoder(bytes);
  VisitPlan(decoder, plan);
  return decoder.AtEnd();
}

bool DecodeReport(std::string_view bytes, LaunchReport& report) {
  Decoder decoder(bytes);
  VisitReport(decoder, report);
  return decoder.AtEnd();
}

}  // namespace limbeck
