// Lets one run have the machine for itself while the others wait.
#ifndef LIMBECK_DATA_JUDGE_MACHINE_GATE_H_
#define LIMBECK_DATA_JUDGE_MACHINE_GATE_H_

#include <condition_variable>
#include <mutex>

namespace limbeck {

// Several runs together, or one alone. Who waits to be alone comes before those
// that arrive later, so it is never starved.
class MachineGate {
 public:
  // At most `most_together` at once, at least 1; others wait, however many
  // threads ask. Default: one per physical core.
  MachineGate();
  explicit MachineGate(int most_together);

  void EnterTogether();
  void LeaveTogether();
  void EnterAlone();
  void LeaveAlone();

 private:
  const int most_together_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int running_ = 0;
  int waiting_alone_ = 0;
  bool alone_ = false;
};

// Together, until the end of the scope.
class SharedRun {
 public:
  explicit SharedRun(MachineGate& gate) : gate_(gate) { gate_.EnterTogether(); }
  ~SharedRun() { gate_.LeaveTogether(); }
  SharedRun(const SharedRun&) = delete;
  SharedRun& operator=(const SharedRun&) = delete;

 private:
  MachineGate& gate_;
};

// Alone, until the end of the scope. Never inside a SharedRun of one thread.
class LoneRun {
 public:
  explicit LoneRun(MachineGate& gate) : gate_(gate) { gate_.EnterAlone(); }
  ~LoneRun() { gate_.LeaveAlone(); }
  LoneRun(const LoneRun&) = delete;
  LoneRun& operator=(const LoneRun&) = delete;

 private:
  MachineGate& gate_;
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_MACHINE_GATE_H_
