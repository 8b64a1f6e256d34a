#include "recipes/console/signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "data/base/check.h"

namespace limbeck {

SignalWatcher::SignalWatcher(CancelToken& token,
                             std::function<void(int)> on_first)
    : token_(token), on_first_(std::move(on_first)) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  LIMBECK_CHECK_EQ(pthread_sigmask(SIG_BLOCK, &signals_, &old_mask_), 0);
  stop_event_ = eventfd(0, EFD_CLOEXEC);
  LIMBECK_CHECK_GE(stop_event_, 0);
  thread_ = std::thread([this] { Watch(); });
}

SignalWatcher::~SignalWatcher() {
  const uint64_t one = 1;
  LIMBECK_CHECK_EQ(write(stop_event_, &one, sizeof(one)),
                   static_cast<ssize_t>(sizeof(one)));
  thread_.join();
  close(stop_event_);
  pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
}

void SignalWatcher::Watch() {
  const int descriptor = signalfd(-1, &signals_, SFD_CLOEXEC);
  LIMBECK_CHECK_GE(descriptor, 0);
  while (true) {
    pollfd wanted[] = {{descriptor, POLLIN, 0}, {stop_event_, POLLIN, 0}};
    if (poll(wanted, 2, -1) < 0) continue;
    if ((wanted[1].revents & POLLIN) != 0) break;
    signalfd_siginfo info = {};
    if (read(descriptor, &info, sizeof(info)) !=
        static_cast<ssize_t>(sizeof(info))) {
      continue;
    }
    const int number = static_cast<int>(info.ssi_signo);
    if (token_.cancelled()) _exit(128 + number);
    token_.Cancel();
    on_first_(number);
  }
  close(descriptor);
}

}  // namespace limbeck
