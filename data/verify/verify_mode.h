// Which judge is asked: a careful one, or the published harness.
#ifndef LIMBECK_DATA_VERIFY_VERIFY_MODE_H_
#define LIMBECK_DATA_VERIFY_VERIFY_MODE_H_

namespace limbeck {

enum class VerifyMode {
  kSound,   // what a careful judge would say; the only one for rewards
  kCompat,  // what Math-Verify 0.8.0 says, its mistakes included
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_VERIFY_MODE_H_
