# tests/fuzz/NAME_fuzz.cc becomes the program fuzz_NAME (libFuzzer with ASan and UBSan), where clang is the compiler. Built by name only:
#   cmake --preset clang -B build/fuzz -DMUSTER_SANITIZE=address,undefined,fuzzer-no-link && ninja -C build/fuzz fuzz_journal
#   build/fuzz/fuzz_journal -max_total_time=60 CORPUS tests/golden/journal
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  function(muster_fuzzer name)
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/fuzz/${name}_fuzz.cc)
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endfunction()
  muster_fuzzer(journal muster_model)
  muster_fuzzer(exception muster_model)
endif()
