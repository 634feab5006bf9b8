#include "runner/messenger.h"

#include "runner/persist.h"

namespace muster::runner {

Messenger::Messenger(const StopControl& stop, Warnings& warnings) : stop_(stop), warnings_(warnings), thread_([this] { loop(); }) {}

Messenger::~Messenger() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Messenger::post(std::string what, Message message) {
  const std::lock_guard lock(mutex_);
  letters_.push_back({std::move(what), std::move(message)});
  changed_.notify_all();
}

Result<void> Messenger::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return letters_.empty() || finished_; });
  if (letters_.empty()) return {};
  return fail(Code::unavailable, "the server could not be told: {}", letters_.front().what);
}

void Messenger::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !letters_.empty(); });
    if (ending_ || stop_.given_up().stop_requested()) break;
    const Letter letter = letters_.front();
    lock.unlock();
    const auto sent = persist(stop_.given_up(), [&]() -> Result<void> {
      {
        const std::lock_guard inner(mutex_);
        if (ending_) return fail(Code::invalid, "the runner ends");
      }
      return letter.message();
    });
    lock.lock();
    if (ending_ || (!sent && stop_.given_up().stop_requested())) break;
    if (!sent) warnings_.add(fmt::format("{}: {}", letter.what, sent.error().detail));
    letters_.pop_front();
    changed_.notify_all();
  }
  finished_ = true;
  changed_.notify_all();
}

}  // namespace muster::runner
