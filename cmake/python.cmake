# build/<preset>/python: the SDK as a folder ready for PYTHONPATH (links, so that it follows the source).
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/python)
foreach(package muster azureml)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/${package} ${CMAKE_BINARY_DIR}/python/${package} SYMBOLIC)
endforeach()

include(cmake/sdk.cmake)
