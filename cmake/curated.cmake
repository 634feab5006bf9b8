# The curated environments, src/api/curated/NAME.yml, as one generated source of the api room (g++ 12 has no #embed).
file(GLOB MUSTER_CURATED CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/api/curated/*.yml)
list(SORT MUSTER_CURATED)
set(entries "")
foreach(curated ${MUSTER_CURATED})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${curated})
  file(READ ${curated} yaml)
  get_filename_component(name ${curated} NAME)
  string(APPEND entries "      {\"${name}\", R\"muster(${yaml})muster\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/api/curated_files.cc @ONLY CONTENT
"// Written by cmake/curated.cmake from src/api/curated/.
#include \"api/curated_environments.h\"

namespace muster::api {

const std::vector<CuratedFile>& curated_files() {
  static const std::vector<CuratedFile> all{
@entries@  };
  return all;
}

}  // namespace muster::api
")
target_sources(muster_api PRIVATE ${CMAKE_BINARY_DIR}/generated/api/curated_files.cc)
