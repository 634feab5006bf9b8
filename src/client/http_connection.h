#pragma once
// One HTTP/1.1 connection to the server, kept alive between exchanges. The HTTP library stays inside the .cc file.

#include <memory>
#include <stop_token>

#include "client/http_message.h"
#include "client/proxy.h"
#include "client/uri.h"

namespace muster::client {

/// Asks an https server for its certificate, and closes. unavailable or timeout when it cannot be reached.
Result<ShownCertificate> look_at_certificate(const HostPort& server);

/// A connection that is made when first used and again when it was lost. Blocks the caller, never longer than the deadlines say.
/// Not thread-safe: one exchange at a time. Only `stop` may be asked for by other threads; it ends a waiting exchange at once.
class HttpConnection {
 public:
  /// `proxy`: what proxy_for() says of the server.
  HttpConnection(HostPort server, std::stop_token stop, std::optional<Proxy> proxy = std::nullopt);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  /// Sends the request and reads the answer, whatever its status. The body of a 2xx answer goes to `sink` when there is one, others into
  /// the response. A kept connection that turns out to be closed is replaced once, unseen. unavailable: not reachable, or lost on the way;
  /// timeout: a deadline passed; unavailable "stopped" after a stop was asked for; too_large: the body of an answer without a sink is over
  /// 256 MiB; errors of the sink as they are.
  Result<HttpResponse> exchange(const HttpRequest& request, const Deadlines& deadlines, const ByteSink& sink = {});
  /// Whether somebody was connected in the last exchange, who then may have acted on it though no answer came.
  bool reached() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::client
