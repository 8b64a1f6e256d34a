#include "data/judge/machine_gate.h"

#include "data/base/check.h"
#include "data/judge/physical_cores.h"

namespace limbeck {

MachineGate::MachineGate() : MachineGate(NumPhysicalCores()) {}

MachineGate::MachineGate(int most_together) : most_together_(most_together) {
  LIMBECK_CHECK_GE(most_together, 1);
}

void MachineGate::EnterTogether() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] {
    return !alone_ && waiting_alone_ == 0 && running_ < most_together_;
  });
  ++running_;
}

void MachineGate::LeaveTogether() {
  const std::lock_guard<std::mutex> lock(mutex_);
  --running_;
  changed_.notify_all();
}

void MachineGate::EnterAlone() {
  std::unique_lock<std::mutex> lock(mutex_);
  ++waiting_alone_;
  changed_.wait(lock, [&] { return !alone_ && running_ == 0; });
  --waiting_alone_;
  alone_ = true;
}

void MachineGate::LeaveAlone() {
  const std::lock_guard<std::mutex> lock(mutex_);
  alone_ = false;
  changed_.notify_all();
}

}  // namespace limbeck
