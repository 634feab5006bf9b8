#include "client/server_api.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/host_name.h"
#include "base/id.h"
#include "base/own_variables.h"
#include "client/problem.h"
#include "model/server_proof.h"

namespace muster::client {
namespace {

constexpr JsonLimits kAnswerLimits{.bytes = 256u << 20, .depth = 100};
constexpr const char* kIdempotencyKey = "Idempotency-Key";

bool has_key(const HttpRequest& request) {
  return std::any_of(request.headers.begin(), request.headers.end(), [](const auto& header) { return header.first == kIdempotencyKey; });
}

/// What the server said; of a token that it refuses also where that came from.
tl::unexpected<Error> refusal(const HttpResponse& response, const Address& address) {
  Error error = error_of(response);
  if (error.code == Code::unauthorized && !address.token_hint.empty()) error.hint += (error.hint.empty() ? "" : "; ") + address.token_hint;
  return tl::unexpected(std::move(error));
}

Result<Json> json_of(const HttpResponse& response, const Address& address) {
  if (!response.succeeded()) return refusal(response, address);
  if (response.body.empty()) return Json::object();
  auto json = parse_json(response.body, kAnswerLimits);
  if (json) return json;
  return fail_hint(Code::internal, "is it a Muster server, of this version?", "the server's answer cannot be read: {}",
                   json.error().detail);
}

}  // namespace

Result<std::shared_ptr<Api>> Api::create(ApiOptions options) {
  MUSTER_TRY_ASSIGN(HostPort server, parse_server_url(options.address.url));
  if (server.tls && server.fingerprint.empty()) server.fingerprint = options.address.fingerprint;
  MUSTER_TRY_ASSIGN(auto proxy, proxy_for(server, own_variables(), host_name()));
  return std::shared_ptr<Api>(new Api(std::move(options), std::move(server), std::move(proxy)));
}

Api::Api(ApiOptions options, HostPort server, std::optional<Proxy> proxy)
    : options_(std::move(options)), server_(std::move(server)), proxy_(std::move(proxy)) {}
Api::~Api() = default;

RetryPolicy Api::retry_policy() const {
  RetryPolicy policy = options_.retry;
  if (!answered_before_ && !policy.before_first_answer) policy.give_up_after = std::chrono::milliseconds(0);
  return policy;
}

std::string Api::in_workspace(std::initializer_list<std::string_view> parts) const {
  std::string path = "/api/v1/workspaces/" + encode_value(options_.address.workspace);
  for (const std::string_view part : parts) path += '/' + encode_value(part);
  return path;
}

HttpRequest Api::request_for(std::string_view method, std::string_view path, const Query& query) const {
  HttpRequest request;
  request.method = method;
  request.target = target_of(path, query);
  if (!options_.address.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + options_.address.token);
  if (!options_.proof_key.empty()) {
    std::string nonce = random_hex(16);
    request.headers.emplace_back(model::kNonceHeader, nonce);
    request.check_head = [this, nonce = std::move(nonce)](const HttpResponse& head) -> Result<void> {
      const std::string expected = model::server_proof(options_.proof_key, nonce, head.status);
      if (equal_secrets(expected, head.header(std::string(model::kProofHeader)))) return {};
      return fail(Code::unavailable, "the answer (status {}) does not prove that it comes from this run's server", head.status);
    };
  }
  return request;
}

Result<HttpResponse> Api::exchange_once(const HttpRequest& request, const ByteSink& sink) {
  auto connection = idle_.with([](auto& idle) {
    std::unique_ptr<HttpConnection> taken;
    if (!idle.empty()) {
      taken = std::move(idle.back());
      idle.pop_back();
    }
    return taken;
  });
  if (!connection) connection = std::make_unique<HttpConnection>(server_, options_.stop, proxy_);
  auto response = connection->exchange(request, options_.deadlines, sink);
  if (response) {
    answered_before_ = true;
    idle_.with([&](auto& idle) { idle.push_back(std::move(connection)); });
  } else if (connection->reached() && has_key(request)) {
    answered_before_ = true;  // whether something was made only the same call can tell
  }
  return response;
}

Result<HttpResponse> Api::exchange(const HttpRequest& request, const ByteSink& sink) {
  bool sink_was_used = false;
  bool sink_failed = false;
  ByteSink watched;
  if (sink) {
    watched = [&](std::string_view bytes) {
      sink_was_used = true;
      answered_before_ = true;  // a stream that breaks off is an answer, too
      auto taken = sink(bytes);
      sink_failed = !taken;
      return taken;
    };
  }
  const auto began = std::chrono::steady_clock::now();
  for (int attempt = 1;; ++attempt) {
    auto response = exchange_once(request, watched);
    const bool fault =
        response ? is_passing(response->status) : response.error().code == Code::unavailable || response.error().code == Code::timeout;
    if (!fault || sink_failed) return response;
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    const auto wait = wait_before(retry_policy(), attempt, elapsed);
    if (!sink_was_used && wait.count() >= 0 && sleep_for(wait, options_.stop)) continue;
    if (!response && !options_.stop.stop_requested()) {
      response.error().detail = fmt::format("the server at {} cannot be reached: {}", options_.address.url, response.error().detail);
      if (!response.error().hint.empty() && !options_.address.in_run) return response;
      response.error().hint = options_.address.in_run     ? "the run goes on without it; try again when it is back"
                              : is_loopback(server_.host) ? "start it with `muster up`"
                                                          : "check the address, and that the server runs there";
    }
    return response;
  }
}

Result<Json> Api::json_call(std::string_view method, std::string_view path, const Query& query, const Json* body,
                            std::string idempotency_key) {
  HttpRequest request = request_for(method, path, query);
  if (body != nullptr) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = dump_json(*body);
  }
  if (!idempotency_key.empty()) request.headers.emplace_back(kIdempotencyKey, std::move(idempotency_key));
  MUSTER_TRY_ASSIGN(const HttpResponse response, exchange(request));
  return json_of(response, options_.address);
}

Result<Json> Api::get(std::string_view path, const Query& query) { return json_call("GET", path, query, nullptr, ""); }
Result<Json> Api::post(std::string_view path, const Json& body, const Query& query) { return json_call("POST", path, query, &body, ""); }
Result<Json> Api::create_resource(std::string_view path, const Json& body) { return json_call("POST", path, {}, &body, random_hex(16)); }
Result<Json> Api::patch(std::string_view path, const Json& body) { return json_call("PATCH", path, {}, &body, ""); }
Result<Json> Api::put(std::string_view path, const Json& body) { return json_call("PUT", path, {}, &body, ""); }

Result<void> Api::del(std::string_view path) {
  MUSTER_TRY(json_call("DELETE", path, {}, nullptr, ""));
  return {};
}

Result<Json> Api::put_bytes(std::string_view path, const Query& query, std::variant<std::string, FileBody> body) {
  HttpRequest request = request_for("PUT", path, query);
  request.headers.emplace_back("Content-Type", "application/octet-stream");
  request.body = std::move(body);
  MUSTER_TRY_ASSIGN(const HttpResponse response, exchange(request));
  return json_of(response, options_.address);
}

Result<Json> Api::post_bytes(std::string_view path, const Query& query, std::string content_type,
                             std::variant<std::string, FileBody> body) {
  HttpRequest request = request_for("POST", path, query);
  request.headers.emplace_back("Content-Type", std::move(content_type));
  request.body = std::move(body);
  MUSTER_TRY_ASSIGN(const HttpResponse response, exchange(request));
  return json_of(response, options_.address);
}

Result<HttpResponse> Api::stream(std::string_view path, const Query& query, const ByteSink& sink) {
  MUSTER_TRY_ASSIGN(HttpResponse response, exchange(request_for("GET", path, query), sink));
  if (!response.succeeded()) return refusal(response, options_.address);
  return response;
}

Result<HttpResponse> Api::download(std::string_view path, const Query& query, const ByteSink& sink, std::uint64_t offset) {
  const std::uint64_t first = offset;
  bool sink_failed = false;
  const ByteSink counted = [&](std::string_view bytes) {
    auto taken = sink(bytes);
    sink_failed = !taken;
    if (taken) offset += bytes.size();
    return taken;
  };
  const auto once = [&](bool& progressed) -> Result<HttpResponse> {
    const std::uint64_t from = offset;
    HttpRequest request = request_for("GET", path, query);
    if (from > 0) request.headers.emplace_back("Range", fmt::format("bytes={}-", from));
    auto response = exchange(request, counted);
    progressed = offset > from;
    if (!response) return response;
    if (!response->succeeded()) return refusal(*response, options_.address);
    if (from == 0 || response->status == 206) return response;
    return fail(Code::internal, "the server sent {} from its start, and byte {} was asked for", path, from);
  };
  // A server that does not answer at all has been tried for as long as the policy allows, by exchange().
  return while_it_progresses([&] { return options_.retry; }, options_.stop, once, [&] { return !sink_failed && offset > first; });
}

Result<void> Api::stream_events(std::string_view path, const Query& query, const SseParser::OnEvent& on_event) {
  SseParser parser;
  MUSTER_TRY(stream(path, query, [&](std::string_view bytes) { return parser.feed(bytes, on_event); }));
  return {};
}

}  // namespace muster::client
