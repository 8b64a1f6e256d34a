// Ctrl-C stops a run where it can go on later; a second one at once.
#ifndef LIMBECK_RECIPES_CONSOLE_SIGNALS_H_
#define LIMBECK_RECIPES_CONSOLE_SIGNALS_H_

#include <signal.h>

#include <functional>
#include <thread>

#include "data/stages/stage.h"

namespace limbeck {

// Blocks SIGINT and SIGTERM for this thread and all that it starts, and waits
// for them on a thread of its own: the first cancels `token` and calls
// `on_first`, the second ends the process with 128 + its number. Make it
// before other threads exist.
class SignalWatcher {
 public:
  SignalWatcher(CancelToken& token, std::function<void(int)> on_first);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void Watch();

  CancelToken& token_;
  const std::function<void(int)> on_first_;
  sigset_t signals_;
  sigset_t old_mask_;
  int stop_event_ = -1;
  std::thread thread_;
};

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_CONSOLE_SIGNALS_H_
