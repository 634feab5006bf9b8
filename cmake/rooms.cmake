# muster_room(NAME [SERIAL] [USES rooms…] [LIBS libraries…])
# SERIAL: its tests share something of the machine (a process group's name, a port) and run one after the other.
# src/NAME/**.cc become the library muster_NAME; **_test.cc become the program test_NAME, its cases found by ctest.
function(muster_room name)
  cmake_parse_arguments(ROOM "SERIAL" "" "USES;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|main)\\.cc$")  # *_main.cc belongs to a program of its own
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")

  list(TRANSFORM ROOM_USES PREPEND muster_)
  if(sources)
    add_library(muster_${name} STATIC ${sources})
    muster_precompile(muster_${name} muster_base ${MUSTER_HEADERS})
    set(scope PUBLIC)
  else()
    add_library(muster_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(muster_${name} ${scope} ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(muster_${name} ${scope} ${ROOM_USES} ${ROOM_LIBS})

  if(tests AND GTest_FOUND)
    add_executable(test_${name} ${tests})
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(test_${name} PRIVATE MUSTER_SOURCE_DIR=".")  # relative: tests run in the checkout, and compile the same in another one
    target_link_libraries(test_${name} PRIVATE muster_${name} GTest::gtest GTest::gmock GTest::gtest_main rapidcheck)
    muster_precompile(test_${name} test_base ${MUSTER_TEST_HEADERS})
    include(GoogleTest)
    set(lock)
    if(ROOM_SERIAL)
      set(lock RESOURCE_LOCK room_${name})
    endif()
    gtest_discover_tests(test_${name} DISCOVERY_TIMEOUT 60 DISCOVERY_MODE PRE_TEST
                         WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} PROPERTIES TIMEOUT 120 ${lock})
  endif()
endfunction()
