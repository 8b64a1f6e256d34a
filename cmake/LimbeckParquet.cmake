# Arrow C++ reads Parquet files of benchmarks. Nothing else needs it, so it is
# optional: taken from a pyarrow wheel (scripts/setup --parquet) or the system.

set(LIMBECK_PARQUET AUTO CACHE STRING
    "Read Parquet with Arrow: AUTO (where it is found), ON or OFF")
set_property(CACHE LIMBECK_PARQUET PROPERTY STRINGS AUTO ON OFF)
set(LIMBECK_ARROW_DIR "" CACHE PATH
    "Folder of an installed pyarrow wheel (holds include/ and libarrow.so.*)")

# The libraries of a wheel carry their version in the name only.
function(limbeck_arrow_of_wheel folder)
  set(version_file "${folder}/_generated_version.py")
  if(NOT EXISTS "${version_file}" OR NOT EXISTS "${folder}/include/parquet")
    return()
  endif()
  file(STRINGS "${version_file}" line REGEX "version = '[0-9]+\\.[0-9]+"
       LIMIT_COUNT 1)
  if(NOT line MATCHES "'([0-9]+)\\.([0-9]+)")
    return()
  endif()
  math(EXPR so_version "${CMAKE_MATCH_1} * 100 + ${CMAKE_MATCH_2}")
  set(arrow "${folder}/libarrow.so.${so_version}")
  set(parquet "${folder}/libparquet.so.${so_version}")
  if(NOT EXISTS "${arrow}" OR NOT EXISTS "${parquet}")
    return()
  endif()
  add_library(limbeck_arrow INTERFACE)
  target_include_directories(limbeck_arrow SYSTEM INTERFACE
                             "${folder}/include")
  target_link_libraries(limbeck_arrow INTERFACE "${parquet}" "${arrow}")
  set(LIMBECK_PARQUET_FROM "${folder}" PARENT_SCOPE)
endfunction()

function(limbeck_arrow_of_system)
  find_package(Parquet CONFIG QUIET)
  if(TARGET Parquet::parquet_shared)
    add_library(limbeck_arrow INTERFACE)
    target_link_libraries(limbeck_arrow INTERFACE Parquet::parquet_shared)
    set(LIMBECK_PARQUET_FROM "${Parquet_DIR}" PARENT_SCOPE)
  endif()
endfunction()

set(LIMBECK_WITH_PARQUET OFF)
if(NOT LIMBECK_PARQUET STREQUAL "OFF")
  foreach(folder IN ITEMS "${LIMBECK_ARROW_DIR}"
                          "${CMAKE_SOURCE_DIR}/.limbeck/arrow/pyarrow")
    if(folder AND NOT TARGET limbeck_arrow)
      limbeck_arrow_of_wheel("${folder}")
    endif()
  endforeach()
  if(NOT TARGET limbeck_arrow)
    limbeck_arrow_of_system()
  endif()
  if(TARGET limbeck_arrow)
    set(LIMBECK_WITH_PARQUET ON)
  elseif(LIMBECK_PARQUET STREQUAL "ON" OR LIMBECK_ARROW_DIR)
    message(FATAL_ERROR "Arrow C++ was not found: run scripts/setup --parquet, "
      "or give -DLIMBECK_ARROW_DIR=<site-packages>/pyarrow, or switch Parquet "
      "off with -DLIMBECK_PARQUET=OFF")
  endif()
endif()
