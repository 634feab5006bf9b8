#include "housekeeping/reference_set.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

#include "base/hash.h"

namespace muster::housekeeping {
namespace {

constexpr std::uint64_t kFewest = 1024;
constexpr std::uint64_t kBitsEach = 16;
constexpr std::uint64_t kOdd =
    0x9e3779b97f4a7c15;              // 2^64 divided by the golden ratio: spreads what it is multiplied with over the high bits
constexpr std::size_t kDigits = 16;  // of 64 bits

std::optional<std::array<std::uint64_t, 4>> words_of(std::string_view sha256) {
  if (!is_sha256(sha256)) return std::nullopt;
  std::array<std::uint64_t, 4> words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const char* const begin = sha256.data() + i * kDigits;
    std::from_chars(begin, begin + kDigits, words[i], 16);
  }
  return words;
}

}  // namespace

ReferenceSet::ReferenceSet(std::uint64_t count, std::uint64_t seed)
    : multiplier_((seed ^ kOdd) | 1),
      shift_(64 - std::countr_zero(std::bit_ceil(std::max(count, kFewest) * kBitsEach))),
      bits_(std::size_t{1} << (64 - shift_)) {}

void ReferenceSet::add(std::string_view sha256) {
  const auto words = words_of(sha256);
  if (!words) return;
  for (const std::uint64_t word : *words) bits_[position(word)] = true;
}

bool ReferenceSet::may_have(std::string_view sha256) const {
  const auto words = words_of(sha256);
  return !words || std::all_of(words->begin(), words->end(), [&](std::uint64_t word) { return bits_[position(word)]; });
}

}  // namespace muster::housekeeping
