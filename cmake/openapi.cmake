# api/openapi.yaml as one generated source of the api room (g++ 12 has no #embed).
set(openapi_file ${CMAKE_SOURCE_DIR}/api/openapi.yaml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${openapi_file})
file(READ ${openapi_file} openapi_rest)
# In pieces: a compiler need not take a literal of more than 65,536 bytes.
set(openapi_text)
string(LENGTH "${openapi_rest}" openapi_left)
while(openapi_left GREATER 0)
  string(SUBSTRING "${openapi_rest}" 0 30000 openapi_piece)
  string(APPEND openapi_text "      std::string_view(R\"muster(${openapi_piece})muster\"),\n")
  if(openapi_left GREATER 30000)
    string(SUBSTRING "${openapi_rest}" 30000 -1 openapi_rest)
  else()
    set(openapi_rest "")
  endif()
  string(LENGTH "${openapi_rest}" openapi_left)
endwhile()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/api/openapi_yaml.cc @ONLY CONTENT
"// Written by cmake/openapi.cmake from api/openapi.yaml.
#include <string>

#include \"api/openapi.h\"

namespace muster::api {

std::string_view openapi_yaml() {
  static const std::string text = [] {
    std::string whole;
    for (const std::string_view piece : {
@openapi_text@    })
      whole += piece;
    return whole;
  }();
  return text;
}

}  // namespace muster::api
")
target_sources(muster_api PRIVATE ${CMAKE_BINARY_DIR}/generated/api/openapi_yaml.cc)
