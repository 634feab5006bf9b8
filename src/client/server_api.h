#pragma once
// The REST API as a client uses it: JSON in, JSON out, bytes streamed, faults of the connection mended.

#include <atomic>
#include <functional>
#include <initializer_list>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/guarded.h"
#include "base/json.h"
#include "client/address.h"
#include "client/http_connection.h"
#include "client/http_message.h"
#include "client/retry.h"
#include "client/sse_parser.h"

namespace muster::client {

struct ApiOptions {
  Address address;
  RetryPolicy retry;
  Deadlines deadlines;
  std::stop_token stop;
  std::string proof_key = {};  ///< of a runner: an answer that does not prove by it whose it is (model/server_proof.h) is unavailable
};

/// All methods block, may be called from any thread, and share a pool of kept connections (as many as calls run at once).
/// Faults of the connection, and the server's own `unavailable`, are tried again as the policy says. Errors: those of the server as it gave
/// them; unavailable (with what to do) or timeout when it cannot be reached. Paths start with '/' and are already encoded; see
/// in_workspace().
class Api {
 public:
  /// invalid when the address is not a URL that we can use.
  static Result<std::shared_ptr<Api>> create(ApiOptions options);
  ~Api();

  const Address& address() const { return options_.address; }
  const std::stop_token& stop_token() const { return options_.stop; }
  /// For callers that try again themselves. Before the first answer it gives up at once, unless told to be patient then
  /// (before_first_answer).
  RetryPolicy retry_policy() const;

  /// "/api/v1/workspaces/<workspace>/part/part…", the parts encoded, slashes too: a name from outside must not become another address.
  std::string in_workspace(std::initializer_list<std::string_view> parts) const;

  Result<Json> get(std::string_view path, const Query& query = {});
  /// For calls that may be repeated without harm.
  Result<Json> post(std::string_view path, const Json& body, const Query& query = {});
  /// For calls that create: an Idempotency-Key of its own, so that a repetition cannot create twice. One that reached a server and got no
  /// answer is repeated even when nothing had been answered before.
  Result<Json> create_resource(std::string_view path, const Json& body);
  Result<Json> patch(std::string_view path, const Json& body);
  Result<Json> put(std::string_view path, const Json& body);
  Result<void> del(std::string_view path);

  /// Sends raw bytes or a file by PUT or POST; the answer's JSON (an empty object when it has no body).
  Result<Json> put_bytes(std::string_view path, const Query& query, std::variant<std::string, FileBody> body);
  Result<Json> post_bytes(std::string_view path, const Query& query, std::string content_type, std::variant<std::string, FileBody> body);

  /// Streams a GET to the sink, from byte `offset` on (Range); goes on where it stopped when the connection is lost, however
  /// often, as long as each time brings something. Returns the last answer's head.
  Result<HttpResponse> download(std::string_view path, const Query& query, const ByteSink& sink, std::uint64_t offset = 0);

  /// Streams a GET to the sink once, for answers without an end or without Range (log followers, archives). The caller resumes.
  Result<HttpResponse> stream(std::string_view path, const Query& query, const ByteSink& sink);

  /// Reads an event stream until it ends. An error of `on_event` ends it and is returned; a lost connection is the caller's to resume.
  Result<void> stream_events(std::string_view path, const Query& query, const SseParser::OnEvent& on_event);

  /// A request with our token, for exchange().
  HttpRequest request_for(std::string_view method, std::string_view path, const Query& query = {}) const;

  /// One request with retries, whatever the answer's status; for callers that read more of an error than its code.
  Result<HttpResponse> exchange(const HttpRequest& request, const ByteSink& sink = {});

 private:
  Api(ApiOptions options, HostPort server, std::optional<Proxy> proxy);
  Result<HttpResponse> exchange_once(const HttpRequest& request, const ByteSink& sink);
  Result<Json> json_call(std::string_view method, std::string_view path, const Query& query, const Json* body, std::string idempotency_key);

  ApiOptions options_;
  HostPort server_;
  std::optional<Proxy> proxy_;
  std::atomic<bool> answered_before_{false};
  Guarded<std::vector<std::unique_ptr<HttpConnection>>> idle_;
};

}  // namespace muster::client
