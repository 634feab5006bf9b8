#pragma once
// The bytes between a client and one server: a socket, through a proxy where the environment says so, by TLS for https. Every wait has a
// deadline. Inside this room only; what HTTP says over it is http_connection's.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "client/http_message.h"
#include "client/proxy.h"
#include "client/tls.h"
#include "client/uri.h"

namespace muster::client {

/// Not thread-safe, but for close_soon().
class Transport {
 public:
  using Tcp = boost::asio::ip::tcp;
  using ErrorCode = boost::system::error_code;
  using SteadyTime = std::chrono::steady_clock::time_point;

  Transport(HostPort server, std::optional<Proxy> proxy) : server_(std::move(server)), proxy_(std::move(proxy)) {}

  /// For everything from now on: each step's, and all together until `end`.
  void set_deadlines(const Deadlines& deadlines, SteadyTime end) {
    deadlines_ = deadlines;
    end_ = end;
  }
  SteadyTime end() const { return end_; }

  /// Connects and, for https, greets: afterwards it is known that the other side is the one that is meant. unavailable or timeout,
  /// in words.
  Result<void> open();
  /// The same for https, whoever answers: what certificate it shows. Closed afterwards.
  Result<ShownCertificate> look_at_certificate();
  bool is_open() const { return open_; }
  bool has_socket() const { return socket_.is_open(); }
  /// A kept connection on which something can be read was closed by the server (or is out of step).
  bool still_open();
  void close();
  /// From any thread: ends the operation that waits.
  void close_soon();

  Result<void> write(std::string_view bytes);
  /// Sends `length` bytes of the file from `offset` on, by the kernel where nothing has to be encrypted. `sent(n)`: n bytes so far.
  Result<void> send_file(const FileBody& body, const std::function<bool()>& stopped);

  /// Runs a reading operation: `start(stream, handler)`. At most the progress deadline; the error is for lost().
  template <typename Start>
  ErrorCode read(Start&& start) {
    return await(deadlines_.progress, [&](auto&& done) { on_stream([&](auto& stream) { start(stream, std::move(done)); }); });
  }
  /// What a failed operation means, in words.
  tl::unexpected<Error> lost(const ErrorCode& error) const;

  const HostPort& server() const { return server_; }
  /// The proxy that requests have to name the whole address to; nullptr for none (https passes through a tunnel).
  const Proxy* forwarding_proxy() const { return proxy_ && !server_.tls ? &*proxy_ : nullptr; }

 private:
  /// Starts one operation and runs the context until it has ended; timed_out (and a closed socket) when the time is over first.
  template <typename Start>
  ErrorCode await(std::chrono::milliseconds at_most, Start&& start) {
    const SteadyTime end = std::min(end_, std::chrono::steady_clock::now() + at_most);
    std::optional<ErrorCode> outcome;
    start([&outcome](ErrorCode error, auto&&...) { outcome = error; });
    io_.restart();
    while (!outcome) {
      if (io_.run_one_until(end) > 0 || outcome) continue;
      close();
      io_.restart();
      while (!outcome) io_.run_one();
      return boost::asio::error::timed_out;
    }
    return *outcome;
  }
  template <typename Use>
  void on_stream(Use&& use) {
    if (tls_)
      use(*tls_);
    else
      use(socket_);
  }

  Result<void> connect();
  Result<void> open_tunnel();
  Result<void> handshake();
  Result<void> send_file_by_tls(const FileBody& body, const std::function<bool()>& stopped);

  HostPort server_;
  std::optional<Proxy> proxy_;
  boost::asio::io_context io_{1};
  Tcp::socket socket_{io_};
  std::optional<boost::asio::ssl::stream<Tcp::socket&>> tls_;
  Deadlines deadlines_;
  SteadyTime end_ = SteadyTime::max();
  bool open_ = false;
};

}  // namespace muster::client
