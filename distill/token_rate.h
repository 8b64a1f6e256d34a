// The speed that a person reads while a model trains: single steps jump.
#ifndef LIMBECK_DISTILL_TOKEN_RATE_H_
#define LIMBECK_DISTILL_TOKEN_RATE_H_

#include <cstdint>
#include <deque>

namespace limbeck {

// Tokens per second over the last steps.
class TokenRate {
 public:
  // The mean goes over as few of the newest steps as last `window_seconds`, or
  // over all while they are shorter.
  explicit TokenRate(double window_seconds = 30.0)
      : window_seconds_(window_seconds) {}

  // A step that took this long.
  void Add(double seconds, int64_t tokens);
  // 0 before the first step.
  double PerSecond() const;

 private:
  struct Sample {
    double seconds = 0.0;
    int64_t tokens = 0;
  };

  const double window_seconds_;
  std::deque<Sample> samples_;
  double seconds_ = 0.0;  // of samples_
  int64_t tokens_ = 0;
};

}  // namespace limbeck

#endif  // LIMBECK_DISTILL_TOKEN_RATE_H_
