# LibTorch from the PyPI wheel, as the target limbeck::torch.
# Only libtorch_cpu and libc10 are linked: libtorch.so would pull CUDA in.
# The include folder comes last (-idirafter): the wheel carries headers of an
# old Protobuf that must not shadow ours.

# scripts/setup leaves the folder's path in .limbeck/torch-dir.
set(torch_dir_file "${CMAKE_SOURCE_DIR}/.limbeck/torch-dir")
if(NOT LIMBECK_TORCH_DIR AND EXISTS "${torch_dir_file}")
  file(STRINGS "${torch_dir_file}" found LIMIT_COUNT 1)
  set(LIMBECK_TORCH_DIR "${found}" CACHE PATH "" FORCE)
endif()
if(NOT EXISTS "${LIMBECK_TORCH_DIR}/lib/libtorch_cpu.so")
  message(FATAL_ERROR
    "LibTorch not found: '${LIMBECK_TORCH_DIR}' has no lib/libtorch_cpu.so. "
    "Run scripts/setup, or pass -DLIMBECK_TORCH_DIR=<site-packages>/torch.")
endif()

file(STRINGS "${LIMBECK_TORCH_DIR}/version.py" version_line
     REGEX "^__version__")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LIMBECK_TORCH_VERSION
       "${version_line}")
if(NOT LIMBECK_TORCH_VERSION VERSION_EQUAL "2.11.0")
  message(FATAL_ERROR
    "LibTorch ${LIMBECK_TORCH_VERSION} at '${LIMBECK_TORCH_DIR}', need 2.11.0 "
    "(its C++ API is not stable). Run scripts/setup to get that version.")
endif()

add_library(limbeck_torch INTERFACE)
add_library(limbeck::torch ALIAS limbeck_torch)
target_compile_options(limbeck_torch INTERFACE
  "SHELL:-idirafter \"${LIMBECK_TORCH_DIR}/include\""
  "SHELL:-idirafter \"${LIMBECK_TORCH_DIR}/include/torch/csrc/api/include\"")
target_compile_definitions(limbeck_torch INTERFACE
  USE_DISTRIBUTED USE_C10D_GLOO)
target_link_libraries(limbeck_torch INTERFACE
  "${LIMBECK_TORCH_DIR}/lib/libtorch_cpu.so"
  "${LIMBECK_TORCH_DIR}/lib/libc10.so")
target_link_options(limbeck_torch INTERFACE -Wl,--allow-shlib-undefined)
