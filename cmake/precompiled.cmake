# Headers that most units include, compiled once for each kind of target: they are a quarter of the build's time. A unit still includes what
# it uses: the preset `clang` builds without them, so that it shows.
option(MUSTER_PRECOMPILE "compile the most included headers once" ON)
set(MUSTER_HEADERS <algorithm> <chrono> <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <string> <string_view> <thread>
  <vector> <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)
set(MUSTER_TEST_HEADERS ${MUSTER_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)

# muster_precompile(TARGET FIRST HEADERS…): by the headers that FIRST, the first target of this kind, compiles.
function(muster_precompile target first)
  if(NOT MUSTER_PRECOMPILE)
    return()
  endif()
  if(target STREQUAL first)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM ${first})
  endif()
endfunction()
