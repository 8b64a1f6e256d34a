// TensorBoard event files.
#include "distill/event_log.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_format.h"
#include "data/base/status_macros.h"
#include "data/record/tfrecord.h"
#include "distill/tensorboard.pb.h"

namespace limbeck {
namespace {

double SecondsSince1970() {
  return std::chrono::duration<double>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

absl::Status AppendEvent(AppendFile& file, const tensorboard::Event& event) {
  return file.Append(FrameTfRecord(event.SerializeAsString()));
}

tensorboard::Event MakeEvent(int64_t step) {
  tensorboard::Event event;
  event.set_wall_time(SecondsSince1970());
  event.set_step(step);
  return event;
}

}  // namespace

EventLog::EventLog(std::unique_ptr<AppendFile> file) : file_(std::move(file)) {}

absl::StatusOr<std::unique_ptr<EventLog>> EventLog::Open(
    const std::string& directory, int64_t first_step) {
  LIMBECK_RETURN_IF_ERROR(MakeDirectories(directory));
  LIMBECK_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(directory));
  // Readers take the files of a folder in the order of their names.
  const std::string name =
      absl::StrFormat("events.out.tfevents.%06d.limbeck", names.size());
  LIMBECK_ASSIGN_OR_RETURN(std::unique_ptr<AppendFile> file,
                           AppendFile::Open(JoinPath(directory, name), 0));
  tensorboard::Event version = MakeEvent(0);
  version.set_file_version("brain.Event:2");
  LIMBECK_RETURN_IF_ERROR(AppendEvent(*file, version));
  // Readers drop the events of earlier files from this step on.
  tensorboard::Event start = MakeEvent(first_step + 1);
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  LIMBECK_RETURN_IF_ERROR(AppendEvent(*file, start));
  return std::unique_ptr<EventLog>(new EventLog(std::move(file)));
}

absl::Status EventLog::Write(int64_t step, const std::vector<Scalar>& scalars) {
  tensorboard::Event event = MakeEvent(step);
  for (const Scalar& scalar : scalars) {
    tensorboard::Summary::Value* value = event.mutable_summary()->add_value();
    value->set_tag(scalar.tag);
    value->set_simple_value(static_cast<float>(scalar.value));
  }
  return AppendEvent(*file_, event);
}

}  // namespace limbeck
