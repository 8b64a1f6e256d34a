#include "data/judge/sandbox/launch.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "data/base/posix.h"
#include "data/base/status_macros.h"
#include "data/judge/sandbox/embedded_launcher.h"

namespace limbeck {
namespace {

// Beyond the wall limit, for building the surroundings on a busy machine and
// for taking them down.
constexpr absl::Duration kPatience = absl::Seconds(60);

// Descriptors up here never collide with the numbers that the launcher gets.
constexpr int kFirstOwnDescriptor = 32;

int MoveUp(int low) {
  const int moved = fcntl(low, F_DUPFD_CLOEXEC, kFirstOwnDescriptor);
  close(low);
  return moved;
}

// An open descriptor, moved above the launcher's numbers, closed on exec.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int low) {
    if (low >= 0) value_ = MoveUp(low);
  }
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept
      : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    value_ = std::exchange(other.value_, -1);
    return *this;
  }

  int get() const { return value_; }
  void Close() {
    if (value_ >= 0) close(value_);
    value_ = -1;
  }

 private:
  int value_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("create", "a pipe");
  Pipe pipe = {Descriptor(ends[0]), Descriptor(ends[1])};
  if (pipe.read.get() < 0 || pipe.write.get() < 0) {
    return absl::ResourceExhaustedError("no descriptors left for a pipe");
  }
  return pipe;
}

// Linux 6.3 wants to be told which memory files will be executed.
constexpr unsigned kExecutable = 0x10;  // MFD_EXEC

int CreateMemoryFile(const char* name, unsigned flags) {
  const int file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
  if (file >= 0 || errno != EINVAL || flags == 0) return file;
  return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

// A file in memory with these bytes, which nobody can change any more.
absl::StatusOr<int> SealedFile(const char* name, absl::string_view bytes,
                               unsigned flags = 0) {
  const int file = CreateMemoryFile(name, flags);
  if (file < 0) return SystemError("create", "a memory file");
  absl::Status status = WriteAll(file, bytes, "a memory file");
  constexpr int kSeals =
      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (status.ok() && (lseek(file, 0, SEEK_SET) != 0 ||
                      fcntl(file, F_ADD_SEALS, kSeals) != 0)) {
    status = SystemError("seal", "a memory file");
  }
  if (status.ok()) return file;
  close(file);
  return status;
}

absl::StatusOr<Descriptor> MakeSealed(const char* name,
                                      absl::string_view bytes) {
  LIMBECK_ASSIGN_OR_RETURN(const int file, SealedFile(name, bytes));
  return Descriptor(file);
}

// Keeps the first `max` bytes of a stream and counts the rest away.
struct Drain {
  Descriptor source;
  std::string* kept = nullptr;
  uint64_t max = 0;
  bool overflow = false;

  // False at the end of the stream, or where nothing more comes just now.
  bool ReadOnce() {
    char buffer[65536];
    const ssize_t count = read(source.get(), buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
      source.Close();
      return false;
    }
    const uint64_t room = max - std::min<uint64_t>(max, kept->size());
    const uint64_t taken =
        std::min<uint64_t>(room, static_cast<uint64_t>(count));
    kept->append(buffer, taken);
    overflow |= taken < static_cast<uint64_t>(count);
    return true;
  }
};

// One run seen from the caller.
class Session {
 public:
  Session(const LaunchPlan& plan, const LaunchInput& input)
      : plan_(plan), input_(input) {}

  absl::Status Start(const LauncherImage& image);
  absl::StatusOr<LaunchOutput> Finish();

 private:
  absl::Status OpenAll();
  absl::Status Spawn(const LauncherImage& image);
  void Poll(absl::Time deadline);
  void Reap(bool patience_over);

  const LaunchPlan& plan_;
  const LaunchInput& input_;
  LaunchOutput output_;
  std::string report_;
  Descriptor lifeline_;
  std::array<Drain, 4> drains_;  // output, error, side channel, report
  // The launcher's ends, by the number that it knows them by.
  std::array<Descriptor, kNumLauncherDescriptors> given_;
  pid_t launcher_ = -1;
};

absl::Status Session::OpenAll() {
  LIMBECK_ASSIGN_OR_RETURN(given_[STDIN_FILENO],
                           MakeSealed("input", input_.standard_input));
  LIMBECK_ASSIGN_OR_RETURN(given_[kPlanDescriptor],
                           MakeSealed("plan", EncodePlan(plan_)));
  const struct {
    int descriptor;
    std::string* kept;
    uint64_t max;
  } streams[] = {
      {STDOUT_FILENO, &output_.output, input_.max_output_bytes},
      {STDERR_FILENO, &output_.error, input_.max_error_bytes},
      {kSideChannelDescriptor, &output_.side_channel, input_.max_output_bytes},
      {kReportDescriptor, &report_, UINT64_MAX}};
  for (size_t i = 0; i < drains_.size(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(Pipe pipe, MakePipe());
    if (fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) {
      return SystemError("set up", "a pipe");
    }
    drains_[i] = {std::move(pipe.read), streams[i].kept, streams[i].max};
    given_[streams[i].descriptor] = std::move(pipe.write);
  }
  LIMBECK_ASSIGN_OR_RETURN(Pipe pipe, MakePipe());
  given_[kLifelineDescriptor] = std::move(pipe.read);
  lifeline_ = std::move(pipe.write);
  return absl::OkStatus();
}

absl::Status Session::Spawn(const LauncherImage& image) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  for (int number = 0; number < kNumLauncherDescriptors; ++number) {
    posix_spawn_file_actions_adddup2(&actions, given_[number].get(), number);
  }
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const std::string path = absl::StrCat("/proc/self/fd/", image.descriptor());
  char name[] = "limbeck-launcher";
  char* argv[] = {name, nullptr};
  char* environment[] = {nullptr};
  const int code = posix_spawn(&launcher_, path.c_str(), &actions, &attributes,
                               argv, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  for (Descriptor& descriptor : given_) descriptor.Close();
  if (code == 0) return absl::OkStatus();
  launcher_ = -1;
  errno = code;
  return SystemError("start", "the sandbox launcher");
}

absl::Status Session::Start(const LauncherImage& image) {
  LIMBECK_RETURN_IF_ERROR(OpenAll());
  return Spawn(image);
}

// Until the launcher has said its last word and closed the report.
void Session::Poll(absl::Time deadline) {
  Drain& report = drains_.back();
  while (report.source.get() >= 0) {
    const auto left =
        static_cast<int>(absl::ToInt64Milliseconds(deadline - absl::Now()));
    if (left <= 0) return;
    std::array<pollfd, 4> waiting;
    for (size_t i = 0; i < waiting.size(); ++i) {
      waiting[i] = {drains_[i].source.get(), POLLIN, 0};  // -1 is passed over
    }
    if (poll(waiting.data(), waiting.size(), left) < 0 && errno != EINTR) {
      return;
    }
    for (size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0) drains_[i].ReadOnce();
    }
    // Output and side channel end the run when they are too long.
    if (drains_[0].overflow || drains_[2].overflow) lifeline_.Close();
  }
}

void Session::Reap(bool patience_over) {
  if (patience_over) kill(launcher_, SIGKILL);
  while (waitpid(launcher_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

absl::StatusOr<LaunchOutput> Session::Finish() {
  const absl::Time deadline =
      absl::Now() +
      absl::Nanoseconds(static_cast<double>(plan_.wall_nanoseconds)) +
      kPatience;
  Poll(deadline);
  const bool patience_over = drains_.back().source.get() >= 0;
  Reap(patience_over);
  if (patience_over) {
    return absl::DeadlineExceededError(
        "the sandbox launcher did not answer in time and was killed");
  }
  // All writers are gone: what the pipes still hold is all there is.
  for (size_t i = 0; i + 1 < drains_.size(); ++i) {
    while (drains_[i].source.get() >= 0 && drains_[i].ReadOnce()) {
    }
  }
  if (!DecodeReport(report_, output_.report)) {
    return absl::InternalError("the sandbox launcher ended without a report");
  }
  if (!output_.report.failure.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the sandbox cannot be set up: ", output_.report.failure));
  }
  output_.output_too_long = drains_[0].overflow || drains_[2].overflow;
  return std::move(output_);
}

}  // namespace

absl::StatusOr<std::unique_ptr<LauncherImage>> LauncherImage::Create() {
  LIMBECK_ASSIGN_OR_RETURN(
      const int low,
      SealedFile("limbeck-launcher", EmbeddedLauncher(), kExecutable));
  const int file = MoveUp(low);
  if (file < 0) return SystemError("keep", "the sandbox launcher open");
  return std::unique_ptr<LauncherImage>(new LauncherImage(file));
}

LauncherImage::~LauncherImage() { close(descriptor_); }

absl::StatusOr<LaunchOutput> Launch(const LauncherImage& image,
                                    const LaunchPlan& plan,
                                    const LaunchInput& input) {
  Session session(plan, input);
  LIMBECK_RETURN_IF_ERROR(session.Start(image));
  return session.Finish();
}

}  // namespace limbeck
