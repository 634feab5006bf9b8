#pragma once
// What the listener and every connection share. Inside this room only.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "http/server.h"

namespace boost::asio {
class io_context;
class thread_pool;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace muster::http {

enum class Interrupt {
  waiting,     ///< what only waits for the client or for news: idle connections and streams
  everything,  ///< handlers that run still finish, but nothing more is read or written
};

/// A connection, as stopping sees it.
class Interruptible {
 public:
  virtual ~Interruptible() = default;
  /// From any thread.
  virtual void interrupt(Interrupt what) = 0;
};

/// Which connections there are. Thread-safe.
class Connections {
 public:
  enum class Admission {
    served,
    refused,  ///< too many: tell the client, then close
    dropped,  ///< too many even to tell
  };
  explicit Connections(std::size_t cap) : cap_(cap) {}

  /// `connection` is added unless it is dropped; remove() it at its end. When there are too many, the one that has been dispensable for the
  /// longest time makes room.
  Admission add(const std::shared_ptr<Interruptible>& connection);
  void remove(const Interruptible* connection);
  /// A connection is dispensable while it sends no request and has not shown who it is.
  void set_dispensable(const Interruptible* connection, bool dispensable);
  /// Ends the one that has been dispensable for the longest time. False when there is none.
  bool drop_one();
  void interrupt_all(Interrupt what);
  /// False when some were left after that long.
  bool wait_until_none(std::chrono::milliseconds at_most);
  void wait_until_none();

 private:
  struct Entry {
    std::weak_ptr<Interruptible> connection;
    std::optional<std::list<const Interruptible*>::iterator> place;  ///< among the dispensable
    bool leaving = false;                                            ///< dropped; counts no more
  };
  std::shared_ptr<Interruptible> take_oldest();

  const std::size_t cap_;
  std::mutex mutex_;
  std::condition_variable none_;
  std::unordered_map<const Interruptible*, Entry> all_;
  std::list<const Interruptible*> dispensable_;  ///< the one for the longest time first
  std::size_t leaving_ = 0;
};

struct Core {
  Core(ServerOptions options_in, std::shared_ptr<const Router> router_in, Gate gate_in, Finish finish_in);
  ~Core();

  const ServerOptions options;
  const std::shared_ptr<const Router> router;
  const Gate gate;
  const Finish finish;
  std::unique_ptr<boost::asio::io_context> io;
  std::unique_ptr<boost::asio::thread_pool> workers;
  std::unique_ptr<boost::asio::ssl::context> tls;  ///< nullptr: plain
  std::atomic<bool> stopping{false};
  Connections connections;
};

}  // namespace muster::http
