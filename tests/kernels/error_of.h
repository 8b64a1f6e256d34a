// The text of a refused call, for the tests of error messages.
#ifndef LIMBECK_TESTS_KERNELS_ERROR_OF_H_
#define LIMBECK_TESTS_KERNELS_ERROR_OF_H_

#include <functional>
#include <string>

namespace limbeck::kernels {

// "no error" if there is none.
std::string ErrorOf(const std::function<void()>& call);

}  // namespace limbeck::kernels

#endif  // LIMBECK_TESTS_KERNELS_ERROR_OF_H_
