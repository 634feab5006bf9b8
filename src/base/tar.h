#pragma once
// Writing tar streams (POSIX.1-2001 pax, readable by every tar). Pure. Own code, since libarchive's writers, linked statically, need six
// more libraries; reading is libarchive's.

#include <cstdint>
#include <string>
#include <string_view>

namespace muster {

/// What comes before a regular file's bytes. `path`: any UTF-8 without NUL. `mode`: permission bits. Owner and time are those of nobody and
/// 1970.
std::string tar_header(std::string_view path, std::uint64_t size, unsigned mode);

/// How many zero bytes follow a file of that size.
constexpr std::size_t tar_padding(std::uint64_t size) { return static_cast<std::size_t>((512 - size % 512) % 512); }

/// How many bytes end the stream, all zero.
inline constexpr std::size_t kTarEndBytes = 1024;

}  // namespace muster
