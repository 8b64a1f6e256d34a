# Debian's Abseil package names its shared libraries; the static ones lie
# beside them. Static linking keeps the install tree small and relocatable.

function(limbeck_use_static target)
  foreach(config IN ITEMS "" _NONE _RELEASE _RELWITHDEBINFO _NOCONFIG)
    get_target_property(location ${target} IMPORTED_LOCATION${config})
    if(NOT location)
      continue()
    endif()
    string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${location}")
    if(EXISTS "${archive}")
      set_target_properties(${target} PROPERTIES
                            IMPORTED_LOCATION${config} "${archive}")
    endif()
  endforeach()
endfunction()

get_property(imported DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(target IN LISTS imported)
  if(target MATCHES "^absl::")
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      limbeck_use_static(${target})
    endif()
  endif()
endforeach()
