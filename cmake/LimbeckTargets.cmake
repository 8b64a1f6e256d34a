# limbeck_library, limbeck_proto, limbeck_test, limbeck_benchmark: each
# folder's CMakeLists.txt is a list of facts in these four words.

add_library(limbeck_flags INTERFACE)
target_compile_options(limbeck_flags INTERFACE ${LIMBECK_WARNINGS})
target_include_directories(limbeck_flags INTERFACE
  "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}")

# Programs export nothing: three Protobufs can meet in one process
# (docs/building.md), and each must keep to its own symbols.
set(LIMBECK_EXPORT_NOTHING "${CMAKE_SOURCE_DIR}/cmake/export_nothing.map")
add_library(limbeck_program INTERFACE)
target_link_options(limbeck_program INTERFACE
  -Wl,--exclude-libs,ALL
  "-Wl,--version-script=${LIMBECK_EXPORT_NOTHING}")

if(LIMBECK_PCH AND TARGET limbeck_torch)
  # Written only where it differs: configuring again compiles nothing again.
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/torch_pch.cc"
       CONTENT "// Holds the precompiled header.\n" @ONLY)
  add_library(limbeck_torch_pch OBJECT "${CMAKE_BINARY_DIR}/torch_pch.cc")
  target_link_libraries(limbeck_torch_pch PRIVATE limbeck_flags limbeck_torch)
  target_precompile_headers(limbeck_torch_pch PRIVATE <ATen/ATen.h>)
endif()

# Whether a target sees LibTorch: directly, or through a library marked TORCH.
# Further arguments: values of LIMBECK_PCH, besides ON, with which it uses the
# precompiled header.
function(limbeck_configure target torch)
  set(precompiled_with ON ${ARGN})
  if(torch)
    target_link_libraries(${target} PUBLIC limbeck_torch)
    if(LIMBECK_PCH IN_LIST precompiled_with)
      target_precompile_headers(${target} REUSE_FROM limbeck_torch_pch)
    endif()
  endif()
  target_link_libraries(${target} PRIVATE limbeck_flags)
endfunction()

# limbeck_library(name [TORCH] SRCS ... HDRS ... DEPS ...)
function(limbeck_library name)
  cmake_parse_arguments(arg "TORCH" "" "SRCS;HDRS;DEPS" ${ARGN})
  add_library(${name} STATIC ${arg_SRCS})
  target_sources(${name} PUBLIC FILE_SET HEADERS
    BASE_DIRS "${CMAKE_SOURCE_DIR}" FILES ${arg_HDRS})
  set_target_properties(${name} PROPERTIES
    VERIFY_INTERFACE_HEADER_SETS ON LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC ${arg_DEPS})
  limbeck_configure(${name} ${arg_TORCH})
endfunction()

# limbeck_proto(name PROTOS ... DEPS ...): include as "data/x.pb.h".
function(limbeck_proto name)
  cmake_parse_arguments(arg "" "" "PROTOS;DEPS" ${ARGN})
  set(sources)
  foreach(proto IN LISTS arg_PROTOS)
    file(RELATIVE_PATH relative "${CMAKE_SOURCE_DIR}"
         "${CMAKE_CURRENT_SOURCE_DIR}/${proto}")
    string(REGEX REPLACE "\\.proto$" "" stem "${CMAKE_BINARY_DIR}/${relative}")
    add_custom_command(
      OUTPUT "${stem}.pb.cc" "${stem}.pb.h"
      COMMAND protobuf::protoc --cpp_out "${CMAKE_BINARY_DIR}"
              -I "${CMAKE_SOURCE_DIR}" "${relative}"
      WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
      DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${proto}")
    list(APPEND sources "${stem}.pb.cc" "${stem}.pb.h")
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${arg_DEPS})
  target_include_directories(${name} SYSTEM PUBLIC "${CMAKE_BINARY_DIR}")
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}")
endfunction()

# limbeck_test(name [TORCH] SRCS ... DEPS ...): one binary per folder. ctest
# lists the cases of binaries without LibTorch one by one; those with it count
# as one test each, because each start loads 0.4 GB of libraries.
function(limbeck_test name)
  cmake_parse_arguments(arg "TORCH" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE
    ${arg_DEPS} GTest::gmock GTest::gtest_main limbeck_program)
  limbeck_configure(${name} ${arg_TORCH} TESTS)
  if(arg_TORCH)
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1
             WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(${name} PROPERTIES TIMEOUT 600)
    return()
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
    PROPERTIES TIMEOUT 300)
endfunction()

# limbeck_benchmark(name [TORCH] SRCS ... DEPS ...)
function(limbeck_benchmark name)
  if(NOT LIMBECK_BENCHMARKS)
    return()
  endif()
  cmake_parse_arguments(arg "TORCH" "" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${arg_SRCS})
  target_link_libraries(${name} PRIVATE
    ${arg_DEPS} benchmark::benchmark_main limbeck_program)
  limbeck_configure(${name} ${arg_TORCH})
endfunction()
