# fuzz: libFuzzer with ASan and UBSan over every reader of outside bytes (tests/fuzz/), where clang is the compiler. Built by name only, as
# ./dev fuzz does. The readers' own files, not their rooms: an HTTP server is not built for it.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  file(GLOB fuzz_targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/*.cc)
  add_executable(fuzz EXCLUDE_FROM_ALL ${fuzz_targets}
    src/http/target.cc src/http/header_rules.cc src/http/message.cc src/http/reason.cc src/api/query.cc src/store/page.cc src/rank/rank_record.cc src/runner/state.cc src/runner/unpack.cc
    src/client/work_order.cc src/client/uri.cc src/client/sse_parser.cc src/client/git/git_url.cc src/client/snapshot/ignore_rules.cc
    src/client/snapshot/wildmatch.cc src/environment/prepared.cc)
  target_include_directories(fuzz PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz)
  target_link_libraries(fuzz PRIVATE muster_model muster_beast muster_archive)
  target_link_options(fuzz PRIVATE -fsanitize=fuzzer)
  set_target_properties(fuzz PROPERTIES UNITY_BUILD OFF)  # each target is a file with an entry of its own
endif()
