#include "runner/messenger.h"

#include "runner/patient_start.h"
#include "runner/persist.h"

namespace muster::runner {
namespace {

/// How long a call is made again that the server answers with a fault of its own (5xx).
constexpr std::chrono::minutes kFaultTime{10};

}  // namespace

Messenger::~Messenger() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

Result<void> Messenger::begin() {
  MUSTER_TRY_ASSIGN(thread_, start_thread("what the server is told", stop_.asked_token(), [this] { loop(); }));
  return {};
}

void Messenger::post(std::string what, Message message, WhenRefused when_refused) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(what), std::move(message), when_refused});
  changed_.notify_all();
}

Result<void> Messenger::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() || finished_; });
  if (refusal_) return tl::unexpected(*refusal_);
  if (waiting_.empty()) return {};
  return fail(Code::unavailable, "the server could not be told of {}", waiting_.front().what);
}

void Messenger::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (ending_ || stop_.calls_canceled().stop_requested()) break;
    const Waiting next = waiting_.front();
    lock.unlock();
    const auto send = [&]() -> Result<void> {
      {
        const std::lock_guard inner(mutex_);
        if (ending_) return fail(Code::invalid, "the runner ends");
      }
      return next.message();
    };
    const auto sent = persist(stop_.calls_canceled(), send, {.with_faults = kFaultTime});
    lock.lock();
    if (ending_ || (!sent && stop_.calls_canceled().stop_requested())) break;
    if (!sent && next.when_refused == WhenRefused::stop) {
      refusal_ = Error{sent.error().code, fmt::format("the server refused the report of {}: {}", next.what, sent.error().detail), "", {}};
      break;
    }
    if (!sent) warnings_.add(fmt::format("the server refused the report of {}: {}", next.what, sent.error().detail));
    waiting_.pop_front();
    changed_.notify_all();
  }
  finished_ = true;
  changed_.notify_all();
}

}  // namespace muster::runner
