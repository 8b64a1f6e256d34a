# Device code, where nvcc is at hand and fits LibTorch. Sets LIMBECK_WITH_CUDA.
# Without it kernels/no_cuda.cc stands for every .cu file: same headers.

set(LIMBECK_CUDA AUTO CACHE STRING
    "Device code: AUTO (if nvcc fits LibTorch), ON (or fail) or OFF")
set_property(CACHE LIMBECK_CUDA PROPERTY STRINGS AUTO ON OFF)
set(LIMBECK_CUDA_ARCHITECTURES "90a" CACHE STRING
    "GPU architectures to compile for, such as 80;90a;100")
set(LIMBECK_WITH_CUDA OFF)

# Why there can be no device code, or "".
set(no_cuda "")
if(LIMBECK_CUDA STREQUAL "OFF")
  set(no_cuda "LIMBECK_CUDA is OFF")
else()
  include(CheckLanguage)
  # Said aloud: without a GPU in the machine nothing could be detected.
  set(CMAKE_CUDA_ARCHITECTURES "${LIMBECK_CUDA_ARCHITECTURES}")
  check_language(CUDA)
  file(STRINGS "${LIMBECK_TORCH_DIR}/version.py" cuda_line REGEX "^cuda")
  string(REGEX MATCH "[0-9]+" torch_cuda_major "${cuda_line}")
  if(NOT CMAKE_CUDA_COMPILER)
    set(no_cuda "nvcc was not found")
  elseif(NOT EXISTS "${LIMBECK_TORCH_DIR}/lib/libtorch_cuda.so")
    set(no_cuda "LibTorch has no lib/libtorch_cuda.so")
  else()
    find_package(CUDAToolkit)
    if(NOT CUDAToolkit_VERSION_MAJOR STREQUAL torch_cuda_major)
      set(no_cuda "the CUDA toolkit is ${CUDAToolkit_VERSION}, LibTorch was built with ${torch_cuda_major}")
    endif()
  endif()
endif()
if(no_cuda)
  if(LIMBECK_CUDA STREQUAL "ON")
    message(FATAL_ERROR "LIMBECK_CUDA is ON, but ${no_cuda}.")
  endif()
  return()
endif()

set(LIMBECK_WITH_CUDA ON)
# The same libcudart as LibTorch's.
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
enable_language(CUDA)
# CMake 3.25 does not know that this nvcc has C++20.
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_FLAGS_RELWITHDEBINFO "-O3 -lineinfo")
set(CMAKE_CUDA_FLAGS_RELEASE "-O3 -DNDEBUG")

# LibTorch's operators for the GPU register when they are loaded, though no
# symbol of theirs may be used.
target_link_options(limbeck_torch INTERFACE -Wl,--no-as-needed)
target_link_libraries(limbeck_torch INTERFACE
  "${LIMBECK_TORCH_DIR}/lib/libtorch_cuda.so"
  "${LIMBECK_TORCH_DIR}/lib/libc10_cuda.so")
# Where the wheel's own CUDA libraries lie, before the toolkit's.
list(PREPEND CMAKE_BUILD_RPATH
  "${LIMBECK_TORCH_DIR}/../nvidia/cu${torch_cuda_major}/lib")

# limbeck_device_library(name SRCS ... HDRS ...): device code, no LibTorch. What
# each kernel uses is kept beside its object file for scripts/cuda-resources.
function(limbeck_device_library name)
  cmake_parse_arguments(arg "" "" "SRCS;HDRS" ${ARGN})
  add_library(${name} STATIC ${arg_SRCS} ${arg_HDRS})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE --expt-relaxed-constexpr -diag-suppress=1675 -Xptxas=-v)
  set_target_properties(${name} PROPERTIES
    RULE_LAUNCH_COMPILE "${CMAKE_SOURCE_DIR}/cmake/keep_resource_report <OBJECT>")
endfunction()
