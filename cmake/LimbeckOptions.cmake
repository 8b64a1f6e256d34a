# Flags that every target shares. PCH files demand equal flags everywhere, so
# they are set here once and never per target.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")

# The presets ask for ccache, but nothing needs it.
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
  find_program(LIMBECK_CCACHE ccache)
  if(NOT LIMBECK_CCACHE)
    message(STATUS "ccache not found: every file is compiled")
    set(CMAKE_CXX_COMPILER_LAUNCHER "")
  endif()
endif()

# -fPIC by hand: CMake would give -fPIE to programs and break the shared PCH.
add_compile_options(-fPIC -fvisibility=hidden -fvisibility-inlines-hidden)
# One rounding of a*b+c everywhere, so that numbers do not depend on the
# compiler's taste for fused multiply-add.
add_compile_options(-ffp-contract=off)

set(LIMBECK_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor
                     -Woverloaded-virtual -Wno-sign-conversion)
# GCC 12 sees overlaps in std::string that are not there (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND
   CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  list(APPEND LIMBECK_WARNINGS -Wno-restrict)
endif()
if(LIMBECK_WERROR)
  list(APPEND LIMBECK_WARNINGS -Werror)
endif()

foreach(sanitizer IN LISTS LIMBECK_SANITIZERS)
  add_compile_options(-fsanitize=${sanitizer} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${sanitizer})
endforeach()
if(LIMBECK_SANITIZERS)
  add_compile_options(-fno-sanitize-recover=all)
endif()

if(LIMBECK_PCH)
  # Without these two ccache misses every file that uses the PCH.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(
      "$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  else()
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  endif()
endif()
