#include "runner/sent_prefix.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace muster::runner {
namespace {

constexpr std::uint64_t kEnds = 4096;
constexpr std::uint64_t kSummed = 64u << 20;
constexpr std::uint64_t kPiece = 1u << 20;

/// What is there of the wanted bytes.
std::string bytes_at(int file, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

void SentPrefix::append(std::string_view bytes) {
  if (size_ < kSummed) {
    const std::string_view summed = bytes.substr(0, kSummed - size_);
    sum_.process_bytes(summed.data(), summed.size());
  }
  if (head_.size() < kEnds) head_ += bytes.substr(0, kEnds - head_.size());
  tail_ += bytes.substr(bytes.size() - std::min<std::size_t>(bytes.size(), kEnds));
  if (tail_.size() > kEnds) tail_.erase(0, tail_.size() - kEnds);
  size_ += bytes.size();
}

void SentPrefix::adopt(int file, std::uint64_t size) {
  *this = SentPrefix();
  const std::uint64_t summed = std::min(size, kSummed);
  while (size_ < summed) {
    const std::string piece = bytes_at(file, size_, std::min(kPiece, summed - size_));
    if (piece.empty()) break;
    append(piece);
  }
  if (size > size_) {
    const std::uint64_t tail = std::min(size, kEnds);
    tail_ = bytes_at(file, size - tail, tail);
  }
  size_ = size;
}

bool SentPrefix::begins(int file, Look look) const {
  if (bytes_at(file, 0, head_.size()) != head_) return false;
  if (bytes_at(file, size_ - std::min<std::uint64_t>(size_, tail_.size()), tail_.size()) != tail_) return false;
  if (look == Look::ends || size_ <= kEnds) return true;
  Sum sum;
  for (std::uint64_t at = 0; at < std::min(size_, kSummed);) {
    const std::string piece = bytes_at(file, at, std::min(kPiece, std::min(size_, kSummed) - at));
    if (piece.empty()) return false;
    sum.process_bytes(piece.data(), piece.size());
    at += piece.size();
  }
  return sum.checksum() == sum_.checksum();
}

}  // namespace muster::runner
