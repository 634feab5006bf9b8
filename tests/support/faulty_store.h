#pragma once
// A store that refuses its next writes, as one does whose disk is full for a moment. All else goes to the store inside it, which may be
// slow.

#include <atomic>
#include <memory>

#include "store/store.h"
#include "support/event.h"

namespace muster::test {

class FaultyStore final : public store::Store {
 public:
  explicit FaultyStore(std::unique_ptr<store::Store> inside) : inside_(std::move(inside)) {}

  std::atomic<int> refuse_writes{0};  ///< how many of the next writes fail with disk_full
  std::atomic<int> refused{0};
  Watched<int> asked_later;  ///< writes that nobody waits for, stored or not

  /// The next `skip` writes succeed, the `refuse` after them fail.
  void skip_then_refuse(int skip, int refuse) {
    skip_ = skip;
    refused = 0;
    refuse_writes = refuse;
  }

 protected:
  Result<void> write_erased(const Work& work) override {
    if (is_refused()) return tl::unexpected(refusal());
    return inside_->write(work);
  }
  void write_later_erased(Work work, Then then) override {
    asked_later.change([](int& count) { ++count; });
    if (is_refused()) return then(tl::unexpected(refusal()));
    inside_->write_later(std::move(work), std::move(then));
  }
  Result<void> read_erased(const Work& work) override { return inside_->read(work); }

 private:
  bool is_refused() {
    if (skip_ > 0) {
      --skip_;
      return false;
    }
    if (refuse_writes <= 0) return false;
    --refuse_writes;
    ++refused;
    return true;
  }
  static Error refusal() { return {Code::disk_full, "write the database: no space left on device", "", {}}; }

  std::unique_ptr<store::Store> inside_;
  std::atomic<int> skip_{0};
};

}  // namespace muster::test
