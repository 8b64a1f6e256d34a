# FLINT and Arb: exact arithmetic and balls with proven error, for the verifier
# of mathematical answers. Arb is a library of its own beside FLINT 2 and part
# of FLINT 3, where its headers lie in FLINT's folder.
#
# LGPL: linked as shared libraries, always.
find_path(FLINT_INCLUDE flint/fmpq.h)
find_path(ARB_INCLUDE arb.h PATH_SUFFIXES flint)
find_library(FLINT_LIBRARY NAMES flint)
find_library(ARB_LIBRARY NAMES flint-arb arb)
find_library(GMP_LIBRARY NAMES gmp)
if(NOT FLINT_INCLUDE OR NOT FLINT_LIBRARY OR NOT ARB_INCLUDE OR NOT GMP_LIBRARY)
  message(FATAL_ERROR "FLINT and Arb were not found: run scripts/setup, or "
    "install libflint-dev and libflint-arb-dev (FLINT 3 holds both).")
endif()
mark_as_advanced(FLINT_INCLUDE ARB_INCLUDE FLINT_LIBRARY ARB_LIBRARY GMP_LIBRARY)

if(NOT TARGET limbeck_flint)
  add_library(limbeck_flint INTERFACE)
  target_include_directories(limbeck_flint SYSTEM INTERFACE
    "${FLINT_INCLUDE}" "${ARB_INCLUDE}")
  target_link_libraries(limbeck_flint INTERFACE
    $<$<BOOL:${ARB_LIBRARY}>:${ARB_LIBRARY}> "${FLINT_LIBRARY}"
    "${GMP_LIBRARY}")
endif()
