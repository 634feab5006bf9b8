#include "base/tar.h"

#include <algorithm>

#include <fmt/format.h>

namespace muster {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;
constexpr std::uint64_t kOctalLimit = 1ULL << 33;  // eleven octal digits

struct Field {
  std::size_t offset;
  std::size_t digits;
};
constexpr Field kMode{100, 7}, kUser{108, 7}, kGroup{116, 7}, kSize{124, 11}, kTime{136, 11};
constexpr std::size_t kChecksum = 148;
constexpr std::size_t kType = 156;
constexpr std::size_t kMagic = 257;

void put_octal(std::string& block, Field field, std::uint64_t value) {
  const std::string digits = fmt::format("{:0{}o}", value, field.digits);
  block.replace(field.offset, field.digits, digits);
}

std::string block_of(std::string_view name, std::uint64_t size, unsigned mode, char type) {
  std::string block(kBlock, '\0');
  block.replace(0, std::min(name.size(), kNameBytes), name.substr(0, kNameBytes));
  put_octal(block, kMode, mode & 07777);
  put_octal(block, kUser, 0);
  put_octal(block, kGroup, 0);
  put_octal(block, kSize, size < kOctalLimit ? size : 0);
  put_octal(block, kTime, 0);
  block[kType] = type;
  block.replace(kMagic, 8,
                std::string_view("ustar\0"
                                 "00",
                                 8));
  // The sum is taken with its own field full of spaces.
  block.replace(kChecksum, 8, 8, ' ');
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  block.replace(kChecksum, 7, fmt::format("{:06o}", sum) + '\0');
  return block;
}

/// "<length of the whole line> key=value\n"; the length counts its own digits.
std::string pax_line(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (fmt::formatted_size("{}", length) + rest != length) ++length;
  return fmt::format("{} {}={}\n", length, key, value);
}

}  // namespace

std::string tar_header(std::string_view path, std::uint64_t size, unsigned mode) {
  bool plain = true;
  for (const char c : path) plain = plain && static_cast<unsigned char>(c) < 0x80;
  std::string extended;
  if (path.size() > kNameBytes || !plain) extended += pax_line("path", path);
  if (size >= kOctalLimit) extended += pax_line("size", std::to_string(size));
  std::string header;
  if (!extended.empty()) {
    header = block_of("././@PaxHeader", extended.size(), 0644, 'x') + extended;
    header.append(tar_padding(extended.size()), '\0');
  }
  return header + block_of(path, size, mode, '0');
}

}  // namespace muster
