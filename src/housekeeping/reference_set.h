#pragma once
// Which blobs are referred to, in two bytes a blob: a Bloom filter (B. H. Bloom, 1970) whose four hash functions are the four words of the
// digest, each mixed with a seed.

#include <cstdint>
#include <string_view>
#include <vector>

namespace muster::housekeeping {

/// Not thread-safe.
class ReferenceSet {
 public:
  /// For about `count` different digests. Another `seed` errs about other digests.
  ReferenceSet(std::uint64_t count, std::uint64_t seed);

  /// 64 lower-case hex digits; anything else is no blob, and is passed over.
  void add(std::string_view sha256);
  /// Always true for what was added; true too for one in 400 of what was not, and for what is no digest.
  bool may_have(std::string_view sha256) const;

 private:
  std::uint64_t position(std::uint64_t word) const { return (word * multiplier_) >> shift_; }

  std::uint64_t multiplier_;
  int shift_;
  std::vector<bool> bits_;
};

}  // namespace muster::housekeeping
