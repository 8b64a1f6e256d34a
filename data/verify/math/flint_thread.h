// FLINT's memory of one thread.
#ifndef LIMBECK_DATA_VERIFY_MATH_FLINT_THREAD_H_
#define LIMBECK_DATA_VERIFY_MATH_FLINT_THREAD_H_

namespace limbeck {

// Made wherever a thread enters the verifier: FLINT and Arb keep caches (pi,
// spare integers) per thread, which are given back when the thread ends.
class FlintThread {
 public:
  FlintThread();
};

}  // namespace limbeck

#endif  // LIMBECK_DATA_VERIFY_MATH_FLINT_THREAD_H_
