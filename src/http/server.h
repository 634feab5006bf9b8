#pragma once
// The HTTP/1.1 server: accepts, reads within limits and deadlines, hands each request to the router on a worker thread, writes the answer.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/fd.h"
#include "base/result.h"
#include "http/router.h"

namespace muster::http {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;       ///< 0: any free one
  std::string tls_certificate;  ///< PEM file of the certificate and those that sign it; "": plain HTTP
  std::string tls_key;          ///< PEM file of its key
  int io_threads = 1;
  int worker_threads = 8;
  int max_connections = 20'000;
  std::chrono::milliseconds header_deadline{10'000};    ///< for the request line and headers (16 KiB at most), from the first byte
  std::chrono::milliseconds idle_deadline{120'000};     ///< between requests on one connection
  std::chrono::milliseconds progress_deadline{60'000};  ///< for each 64 KiB of body, in either direction
  std::chrono::milliseconds stream_tick{5'000};         ///< a stream that nobody wakes is asked again after this long
};

/// Runs before every handler and upload, on a worker thread: the place for authentication. An error is the answer; no body is read before
/// it.
using Gate = std::function<Result<void>(Request&)>;

/// Adds what is to be added to each answer to a request whose head could be read, refusals included. Quick: it runs on the listener's
/// thread.
using Finish = std::function<void(const Request&, Response&)>;

class Server {
 public:
  /// Listens and starts its threads. unavailable when the address cannot be had (says who has the port when that can be known).
  /// With `listening` (an IPv4 socket that listens already) that one is used, and the options' address is only what it is called.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, std::shared_ptr<const Router> router, Gate gate, Fd listening = {},
                                               Finish finish = {});
  virtual ~Server() = default;  ///< stops

  virtual std::uint16_t port() const = 0;
  /// Stops accepting, cuts streams off, lets running handlers finish and their answers go out within `grace`, then closes everything.
  /// Returns when no handler runs any more. Idempotent; not for worker threads.
  virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace muster::http
