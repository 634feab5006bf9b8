#include "http/core.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

namespace muster::http {

/// Clients beyond the cap that are told so at one time.
constexpr std::size_t kRefusalsAtOnce = 64;

Connections::Admission Connections::add(const std::shared_ptr<Interruptible>& connection) {
  const std::lock_guard lock(mutex_);
  if (all_.size() >= cap_ + kRefusalsAtOnce) return Admission::dropped;
  all_.emplace(connection.get(), connection);
  return all_.size() <= cap_ ? Admission::served : Admission::refused;
}

void Connections::remove(const Interruptible* connection) {
  const std::lock_guard lock(mutex_);
  all_.erase(connection);
  if (all_.empty()) none_.notify_all();
}

void Connections::interrupt_all(Interrupt what) {
  std::vector<std::shared_ptr<Interruptible>> alive;  // let go of outside the lock
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, weak] : all_) {
      if (auto connection = weak.lock()) alive.push_back(std::move(connection));
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

Core::Core(ServerOptions options_in, std::shared_ptr<const Router> router_in, Gate gate_in)
    : options(std::move(options_in)),
      router(std::move(router_in)),
      gate(std::move(gate_in)),
      io(std::make_unique<boost::asio::io_context>()),
      workers(std::make_unique<boost::asio::thread_pool>(static_cast<std::size_t>(options.worker_threads))),
      connections(static_cast<std::size_t>(options.max_connections)) {}

Core::~Core() = default;

}  // namespace muster::http
