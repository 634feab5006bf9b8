#include "http/core.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace muster::http {

/// Clients beyond the cap that are told so at one time.
constexpr std::size_t kRefusalsAtOnce = 64;
/// Dropped connections that may still have a descriptor at one time.
constexpr std::size_t kLeavingAtOnce = 256;

Connections::Admission Connections::add(const std::shared_ptr<Interruptible>& connection) {
  std::shared_ptr<Interruptible> dropped;  // interrupted, and let go of, outside the lock
  Admission admission = Admission::served;
  {
    const std::lock_guard lock(mutex_);
    if (all_.size() - leaving_ >= cap_) {
      dropped = take_oldest();
      if (!dropped) admission = Admission::refused;
      if (!dropped && all_.size() - leaving_ >= cap_ + kRefusalsAtOnce) return Admission::dropped;
    }
    all_[connection.get()].connection = connection;
  }
  if (dropped) dropped->interrupt(Interrupt::everything);
  return admission;
}

void Connections::set_dispensable(const Interruptible* connection, bool dispensable) {
  const std::lock_guard lock(mutex_);
  const auto at = all_.find(connection);
  if (at == all_.end() || at->second.leaving || at->second.place.has_value() == dispensable) return;
  if (dispensable) {
    at->second.place = dispensable_.insert(dispensable_.end(), connection);
  } else {
    dispensable_.erase(*at->second.place);
    at->second.place.reset();
  }
}

bool Connections::drop_one() {
  std::shared_ptr<Interruptible> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped = take_oldest();
  }
  if (dropped) dropped->interrupt(Interrupt::everything);
  return dropped != nullptr;
}

/// The dispensable connection that is to end now; nothing when there is none, or when those dropped before have not gone yet.
std::shared_ptr<Interruptible> Connections::take_oldest() {
  while (!dispensable_.empty() && leaving_ < kLeavingAtOnce) {
    Entry& entry = all_.at(dispensable_.front());
    dispensable_.pop_front();
    entry.place.reset();
    entry.leaving = true;
    ++leaving_;
    if (auto connection = entry.connection.lock()) return connection;
  }
  return nullptr;
}

void Connections::remove(const Interruptible* connection) {
  const std::lock_guard lock(mutex_);
  const auto at = all_.find(connection);
  if (at == all_.end()) return;
  if (at->second.place) dispensable_.erase(*at->second.place);
  if (at->second.leaving) --leaving_;
  all_.erase(at);
  if (all_.empty()) none_.notify_all();
}

void Connections::interrupt_all(Interrupt what) {
  std::vector<std::shared_ptr<Interruptible>> alive;  // let go of outside the lock
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, entry] : all_) {
      if (auto connection = entry.connection.lock()) alive.push_back(std::move(connection));
    }
  }
  for (const auto& connection : alive) connection->interrupt(what);
}

bool Connections::wait_until_none(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return none_.wait_for(lock, at_most, [&] { return all_.empty(); });
}

void Connections::wait_until_none() {
  std::unique_lock lock(mutex_);
  none_.wait(lock, [&] { return all_.empty(); });
}

Core::Core(ServerOptions options_in, std::shared_ptr<const Router> router_in, Gate gate_in, Finish finish_in)
    : options(std::move(options_in)),
      router(std::move(router_in)),
      gate(std::move(gate_in)),
      finish(std::move(finish_in)),
      io(std::make_unique<boost::asio::io_context>()),
      workers(std::make_unique<boost::asio::thread_pool>(static_cast<std::size_t>(options.worker_threads))),
      connections(static_cast<std::size_t>(options.max_connections)) {}

Core::~Core() = default;

}  // namespace muster::http
