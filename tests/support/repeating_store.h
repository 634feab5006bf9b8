#pragma once
// A store whose every write runs twice: the first time it is taken back, as when a commit fails that others share. What a write uses up, or
// adds to without beginning anew, is missing or there twice.

#include <memory>

#include "store/store.h"

namespace muster::test {

class RepeatingStore final : public store::Store {
 public:
  explicit RepeatingStore(std::unique_ptr<store::Store> inside) : inside_(std::move(inside)) {}

 protected:
  Result<void> write_erased(const Work& work) override {
    (void)inside_->write([&](store::Session& session) -> Result<void> {
      (void)work(session);
      return fail(Code::unavailable, "taken back");
    });
    return inside_->write(work);
  }
  void write_later_erased(Work work, Then then) override {
    const auto shared = std::make_shared<Work>(std::move(work));
    const auto taken_back = [shared](store::Session& session) -> Result<void> {
      (void)(*shared)(session);
      return fail(Code::unavailable, "taken back");
    };
    inside_->write_later(taken_back, [](const Result<void>&) {});
    inside_->write_later([shared](store::Session& session) { return (*shared)(session); }, std::move(then));
  }
  Result<void> read_erased(const Work& work) override { return inside_->read(work); }

 private:
  std::unique_ptr<store::Store> inside_;
};

}  // namespace muster::test
