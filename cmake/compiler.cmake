# Warnings; what the sanitizers and the release build need.
option(MUSTER_WARNINGS_ARE_ERRORS "stop at a warning: on where our own tests build, off for whoever builds a release with another compiler" OFF)
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")  # a precompiled header from ccache is good for a later checkout
endif()
if(MUSTER_WARNINGS_ARE_ERRORS)
  add_compile_options(-Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)  # ccache asks for it
  # Falsely reported by g++ 12 inside its own std::string and std::optional at -O2.
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(MUSTER_SANITIZE)
  add_compile_options(-fsanitize=${MUSTER_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MUSTER_SANITIZE})
  if(MUSTER_SANITIZE MATCHES "undefined")
    # Its check looks at memory through a pipe, and takes good objects for bad ones in tests that leave no descriptor free.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # It takes every file but the first for a header, and warns of what is right in a source.
  add_compile_options(-Wno-subobject-linkage)
endif()
find_program(MUSTER_MOLD mold)
if(MUSTER_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
find_program(MUSTER_CCACHE ccache)
if(MUSTER_CCACHE)
  # Paths below the checkout do not count, so that another clone finds what this one compiled.
  # The sloppiness is what it asks for where headers are precompiled: no unit of ours prints the time it was compiled at.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${MUSTER_CCACHE})
endif()

# muster_link_statically(TARGET HOW): one file that starts on any Linux of this processor, in an empty root too. glibc resolves names without loading
# libraries since 2.34; what its linker warns of (getaddrinfo, getpwuid) then needs no shared library for files and DNS.
function(muster_link_statically target how)
  if(NOT MUSTER_SANITIZE)  # the sanitizers' libraries are shared ones
    target_link_options(${target} PRIVATE ${how} -s)
  endif()
endfunction()
