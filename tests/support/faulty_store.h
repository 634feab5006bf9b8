#pragma once
// A store that refuses its next writes, as one does whose disk is full for a moment. All else goes to the store inside it.

#include <atomic>
#include <memory>

#include "store/store.h"

namespace muster::test {

class FaultyStore final : public store::Store {
 public:
  explicit FaultyStore(std::unique_ptr<store::Store> inside) : inside_(std::move(inside)) {}

  std::atomic<int> refuse_writes{0};  ///< how many of the next writes fail with disk_full
  std::atomic<int> refused{0};

  /// The next `skip` writes succeed, the `refuse` after them fail.
  void skip_then_refuse(int skip, int refuse) {
    skip_ = skip;
    refused = 0;
    refuse_writes = refuse;
  }

 protected:
  Result<void> write_erased(const Work& work) override {
    if (skip_ > 0) {
      --skip_;
    } else if (refuse_writes > 0) {
      --refuse_writes;
      ++refused;
      return fail(Code::disk_full, "write the database: no space left on device");
    }
    return inside_->write(work);
  }
  Result<void> read_erased(const Work& work) override { return inside_->read(work); }

 private:
  std::unique_ptr<store::Store> inside_;
  std::atomic<int> skip_{0};
};

}  // namespace muster::test
