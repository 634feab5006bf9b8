#pragma once
// What was sent of a file, to tell later whether the file still begins with it.

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/crc.hpp>

namespace muster::runner {

/// Not thread-safe.
class SentPrefix {
 public:
  enum class Look {
    ends,   ///< its first and last KiB: cheap, and all of a short file
    whole,  ///< its first 64 MiB too
  };

  std::uint64_t size() const { return size_; }
  void append(std::string_view bytes);
  /// Somebody else sent the first `size` bytes: what the file holds now is taken for them.
  void adopt(int file, std::uint64_t size);
  /// Whether the file begins with what was sent. Reads the file.
  bool begins(int file, Look look) const;

 private:
  using Sum = boost::crc_optimal<64, 0x42F0E1EBA9EA3693, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF, true, true>;
  std::uint64_t size_ = 0;
  std::string head_;
  std::string tail_;
  Sum sum_;  ///< of the first kSummed bytes
};

}  // namespace muster::runner
