#pragma once
// The SHA-256 of a long stream, on a thread of its own: whoever moves the bytes does not wait for it.

#include <memory>
#include <string>
#include <string_view>

namespace muster {

/// Short streams are hashed where they are; the thread begins with those that are longer (and without one, all are). Used by one thread.
class StreamHash {
 public:
  StreamHash();
  ~StreamHash();
  StreamHash(StreamHash&&) noexcept;
  StreamHash& operator=(StreamHash&&) noexcept;

  /// Copies the bytes. Waits while the thread is some megabytes behind.
  void update(std::string_view bytes);
  /// Of all, as 64 lower-case hex digits. Call once.
  std::string hex();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace muster
