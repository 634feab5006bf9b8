# Debian's packages. Static where Debian has a static library, so that the one binary runs on a node with nothing installed.
find_package(Threads REQUIRED)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
find_package(GTest)

function(muster_static_library name header archive)
  find_path(${name}_INCLUDE ${header} REQUIRED)
  find_library(${name}_ARCHIVE NAMES ${archive} REQUIRED)
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE})
  target_link_libraries(${name} INTERFACE ${${name}_ARCHIVE} ${CMAKE_DL_LIBS})
endfunction()
muster_static_library(muster_sqlite sqlite3.h libsqlite3.a)
muster_static_library(muster_zstd zstd.h libzstd.a)
muster_static_library(muster_archive archive.h libarchive.a)
muster_static_library(muster_re2 re2/re2.h libre2.a)
muster_static_library(muster_yaml yaml-cpp/yaml.h libyaml-cpp.a)
target_link_libraries(muster_sqlite INTERFACE m)
target_link_libraries(muster_re2 INTERFACE Threads::Threads)

find_path(MUSTER_BOOST_INCLUDE boost/beast/version.hpp REQUIRED)
add_library(muster_beast INTERFACE)
target_include_directories(muster_beast SYSTEM INTERFACE ${MUSTER_BOOST_INCLUDE})
target_link_libraries(muster_beast INTERFACE Threads::Threads)

find_path(MUSTER_TOML_INCLUDE toml++/toml.h REQUIRED)
add_library(muster_toml INTERFACE)
target_include_directories(muster_toml SYSTEM INTERFACE ${MUSTER_TOML_INCLUDE})

# Header-only uses, behind base/result.h and base/log.h alone.
add_library(muster_expected INTERFACE)
target_link_libraries(muster_expected INTERFACE tl::expected)
find_path(MUSTER_SPDLOG_INCLUDE spdlog/spdlog.h REQUIRED)
add_library(muster_spdlog INTERFACE)
target_include_directories(muster_spdlog SYSTEM INTERFACE ${MUSTER_SPDLOG_INCLUDE})

# Only its headers: src/base/fmt.cc compiles the rest.
find_path(MUSTER_FMT_INCLUDE fmt/format.h REQUIRED)
add_library(muster_fmt INTERFACE)
target_include_directories(muster_fmt SYSTEM INTERFACE ${MUSTER_FMT_INCLUDE})
