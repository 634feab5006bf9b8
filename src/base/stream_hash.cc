#include "base/stream_hash.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/hash.h"

namespace muster {
namespace {

constexpr std::uint64_t kShortStream = 4u << 20;
constexpr std::size_t kHandedOver = 1u << 20;  // bytes at a time
constexpr std::size_t kAhead = 4;              // pieces

}  // namespace

struct StreamHash::Inside {
  Sha256 hash;  ///< the thread's alone while there is one
  std::uint64_t size = 0;

  std::array<std::string, kAhead> pieces;  ///< filled and hashed in turn
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t filled = 0;  ///< pieces handed over, and those that are hashed
  std::uint64_t hashed = 0;
  bool is_over = false;
  std::optional<std::thread> thread;

  ~Inside() { finish(); }

  /// The piece that is being filled; nobody else uses it.
  std::string& next() { return pieces[filled % kAhead]; }

  void begin() {
    try {
      thread.emplace([this] { work(); });
    } catch (const std::system_error&) {
      // The machine has no room for more threads.
    }
  }

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return is_over || hashed < filled; });
      if (hashed == filled) return;
      std::string& piece = pieces[hashed % kAhead];
      lock.unlock();
      hash.update(piece);
      piece.clear();
      lock.lock();
      ++hashed;
      changed.notify_all();
    }
  }

  void hand_over() {
    std::unique_lock lock(mutex);
    ++filled;
    changed.notify_all();
    changed.wait(lock, [this] { return filled - hashed < kAhead; });
  }

  void finish() {
    if (!thread) return;
    if (!next().empty()) hand_over();
    {
      const std::lock_guard lock(mutex);
      is_over = true;
    }
    changed.notify_all();
    thread->join();
    thread.reset();
  }
};

StreamHash::StreamHash() : inside_(std::make_unique<Inside>()) {}
StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;

void StreamHash::update(std::string_view bytes) {
  Inside& in = *inside_;
  const bool was_short = in.size <= kShortStream;
  in.size += bytes.size();
  if (was_short && in.size > kShortStream) in.begin();
  if (!in.thread) return in.hash.update(bytes);
  while (!bytes.empty()) {
    std::string& piece = in.next();
    if (piece.capacity() < kHandedOver) piece.reserve(kHandedOver);
    const std::string_view taken = bytes.substr(0, kHandedOver - piece.size());
    piece += taken;
    bytes.remove_prefix(taken.size());
    if (piece.size() == kHandedOver) in.hand_over();
  }
}

std::string StreamHash::hex() {
  inside_->finish();
  return inside_->hash.hex();
}

}  // namespace muster
