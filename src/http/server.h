#pragma once
// The HTTP/1.1 server: accepts, reads within limits and deadlines, hands each request to the router on a worker thread, writes the answer.

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "http/router.h"

namespace muster::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  int io_threads = 1;
  int worker_threads = 8;
  int max_connections = 20'000;
  std::chrono::seconds header_deadline{10};   ///< for the request line and headers, from the first byte
  std::chrono::seconds idle_deadline{120};    ///< between requests on one connection
  std::chrono::seconds progress_deadline{60}; ///< for each 64 KiB of body, in either direction
};

/// Runs before every handler and upload: the place for authentication. An error is the answer.
using Gate = std::function<Result<void>(Request&)>;

class Server {
 public:
  /// Listens and starts its threads. unavailable when the address cannot be had (says who has the port when that can be known).
  static Result<std::unique_ptr<Server>> start(ServerOptions options, std::shared_ptr<const Router> router, Gate gate);
  virtual ~Server() = default;  ///< stops

  virtual std::uint16_t port() const = 0;
  /// Stops accepting, ends streams, lets running handlers finish within `grace`, then closes everything. Idempotent.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace muster::http
