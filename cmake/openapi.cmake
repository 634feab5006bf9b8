# api/openapi.yaml as one generated source of the api room (g++ 12 has no #embed).
set(openapi_file ${CMAKE_SOURCE_DIR}/api/openapi.yaml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${openapi_file})
file(READ ${openapi_file} openapi_text)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/api/openapi_yaml.cc @ONLY CONTENT
"// Written by cmake/openapi.cmake from api/openapi.yaml.
#include \"api/openapi.h\"

namespace muster::api {

std::string_view openapi_yaml() {
  return R\"muster(@openapi_text@)muster\";
}

}  // namespace muster::api
")
target_sources(muster_api PRIVATE ${CMAKE_BINARY_DIR}/generated/api/openapi_yaml.cc)
