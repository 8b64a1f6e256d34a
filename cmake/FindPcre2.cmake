# PCRE2, 8 bit: regular expressions with a bound on their work, for the
# verifier. The static library where there is one.
find_path(PCRE2_INCLUDE pcre2.h)
find_library(PCRE2_LIBRARY NAMES libpcre2-8.a pcre2-8)
if(NOT PCRE2_INCLUDE OR NOT PCRE2_LIBRARY)
  message(FATAL_ERROR "PCRE2 was not found: run scripts/setup, or install "
    "libpcre2-dev (pcre2 elsewhere).")
endif()
mark_as_advanced(PCRE2_INCLUDE PCRE2_LIBRARY)

if(NOT TARGET limbeck_pcre2)
  add_library(limbeck_pcre2 INTERFACE)
  target_include_directories(limbeck_pcre2 SYSTEM INTERFACE "${PCRE2_INCLUDE}")
  target_link_libraries(limbeck_pcre2 INTERFACE "${PCRE2_LIBRARY}")
endif()
