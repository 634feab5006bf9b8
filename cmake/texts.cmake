# muster_texts(TARGET FILE HEADER NAMESPACE TYPE NAME PATTERN): the text files that match, in the order of their names, as one generated source
# (g++ 12 has no #embed): `const std::vector<TYPE>& NAME()`, each {file name, text}, as HEADER declares it.
function(muster_texts target file header namespace type name pattern)
  file(GLOB paths CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${pattern})
  list(SORT paths)
  set(entries "")
  foreach(path ${paths})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
    file(READ ${path} text)
    get_filename_component(file_name ${path} NAME)
    string(APPEND entries "    {\"${file_name}\", R\"muster(${text})muster\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${file} @ONLY CONTENT
"// Written by cmake/texts.cmake from @pattern@.
#include \"@header@\"

namespace @namespace@ {

const std::vector<@type@>& @name@() {
  static const std::vector<@type@> all{
@entries@  };
  return all;
}

}  // namespace @namespace@
")
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated/${file})
endfunction()
