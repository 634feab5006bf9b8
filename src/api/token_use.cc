#include "api/token_use.h"

#include <utility>

#include "base/log.h"
#include "store/tokens.h"

namespace muster::api {
namespace {

constexpr TimeUs kAtMostEvery = 60 * 1'000'000LL;

}  // namespace

TokenUse::TokenUse(store::Store& store) : store_(store), thread_([this] { store_what_comes(); }) {}

TokenUse::~TokenUse() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void TokenUse::note(const model::Token& token, TimeUs now) {
  if (now - token.last_used_at < kAtMostEvery) return;
  const std::lock_guard lock(mutex_);
  TimeUs& noted = noted_[token.key];
  if (now - noted < kAtMostEvery) return;
  noted = now;
  wanted_[token.key] = now;
  changed_.notify_one();
}

void TokenUse::store_what_comes() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !wanted_.empty(); });
    if (stopping_) return;
    const auto used = std::exchange(wanted_, {});
    lock.unlock();
    const auto stored = store_.write([&](store::Session& session) -> Result<void> {
      store::tokens::note_use(session, used);
      return {};
    });
    if (!stored) log::debug("auth", "when tokens were used was not stored: {}", stored.error().detail);
    lock.lock();
  }
}

}  // namespace muster::api
