#include "distill/token_rate.h"

namespace limbeck {

void TokenRate::Add(double seconds, int64_t tokens) {
  samples_.push_back({seconds, tokens});
  seconds_ += seconds;
  tokens_ += tokens;
  while (seconds_ - samples_.front().seconds >= window_seconds_ &&
         samples_.size() > 1) {
    seconds_ -= samples_.front().seconds;
    tokens_ -= samples_.front().tokens;
    samples_.pop_front();
  }
}

double TokenRate::PerSecond() const {
  return seconds_ > 0.0 ? static_cast<double>(tokens_) / seconds_ : 0.0;
}

}  // namespace limbeck
