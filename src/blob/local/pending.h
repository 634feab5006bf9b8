#pragma once
// Blobs that have their name but are not yet durable: hidden until they are, so that nobody builds on what a power cut would take away.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/guarded.h"

namespace muster::blob {

/// Thread-safe. Several uploads of the same blob may be under way at once; the first one that is durable shows it.
class Pending {
 public:
  /// Hides one blob until it is shown, or until no upload of it is left.
  class Mark {
   public:
    Mark(Mark&& other) noexcept : pending_(std::exchange(other.pending_, nullptr)), sha256_(std::move(other.sha256_)) {}
    Mark& operator=(Mark&& other) noexcept {
      std::swap(pending_, other.pending_);
      std::swap(sha256_, other.sha256_);
      return *this;
    }
    ~Mark() {
      if (pending_ != nullptr) pending_->uploads_.with([&](auto& uploads) { drop(uploads); });
    }
    /// It is durable.
    void show() {
      if (pending_ == nullptr) return;
      pending_->uploads_.with([&](auto& uploads) { uploads.erase(sha256_); });
      pending_ = nullptr;
    }
    /// Nobody knows what is on disk: hidden for as long as the store is open.
    void keep() { pending_ = nullptr; }

   private:
    friend class Pending;
    Mark(Pending& pending, std::string_view sha256) : pending_(&pending), sha256_(sha256) {}
    void drop(std::map<std::string, int, std::less<>>& uploads) {
      const auto at = uploads.find(sha256_);
      if (at != uploads.end() && --at->second == 0) uploads.erase(at);
    }
    Pending* pending_;
    std::string sha256_;
  };

  /// To be called before a blob is named. Nothing when it is there and durable already, by the file's existence (`exists`) and no upload of
  /// it pending.
  std::optional<Mark> begin(std::string_view sha256, const std::function<bool()>& exists) {
    return uploads_.with([&](auto& uploads) -> std::optional<Mark> {
      const auto at = uploads.find(sha256);
      if (at != uploads.end())
        ++at->second;
      else if (exists())
        return std::nullopt;
      else
        uploads.emplace(sha256, 1);
      return Mark(*this, sha256);
    });
  }

  bool has(std::string_view sha256) const {
    return uploads_.with([&](const auto& uploads) { return uploads.find(sha256) != uploads.end(); });
  }

 private:
  Guarded<std::map<std::string, int, std::less<>>> uploads_;
};

}  // namespace muster::blob
