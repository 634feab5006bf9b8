#include "api/create.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "base/hash.h"
#include "store/idempotency.h"

namespace muster::api {
namespace {

constexpr TimeUs kKeptUs = 24 * 3600 * 1'000'000LL;  // as docs/rest-api.md promises

/// Owns the texts that the store's request refers to.
struct Key {
  std::string route;
  std::string key;
  std::string body_hash;
  store::idempotency::Request in(std::int64_t workspace_key) const { return {workspace_key, route, key, body_hash}; }
};

Result<std::optional<Key>> key_of(const http::Request& request) {
  const auto header = request.headers.find("idempotency-key");
  if (header == request.headers.end()) return std::nullopt;
  const std::string& key = header->second;
  const bool printable = std::all_of(key.begin(), key.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
  if (key.empty() || key.size() > 255 || !printable)
    return fail(Code::invalid, "the Idempotency-Key must have 1 to 255 printable ASCII characters");
  return Key{request.method + " " + request.path, key, sha256_hex(request.body)};
}

http::Response replay(const store::idempotency::Answer& answer) {
  return {answer.status, {{"content-type", "application/json"}}, answer.body};
}

}  // namespace

Result<std::optional<http::Response>> earlier_answer(const Call& call, std::int64_t workspace_key) {
  MUSTER_TRY_ASSIGN(const auto key, key_of(call.request));
  if (!key) return std::nullopt;
  MUSTER_TRY_ASSIGN(const auto answer, call.services.store.read([&](store::Session& session) {
    return store::idempotency::find(session, key->in(workspace_key));
  }));
  if (!answer) return std::nullopt;
  return replay(*answer);
}

Result<http::Response> create(const Call& call, std::int64_t workspace_key, const std::function<Result<Created>(store::Session&)>& make) {
  MUSTER_TRY_ASSIGN(const auto key, key_of(call.request));
  MUSTER_TRY_ASSIGN(const auto answer, call.services.store.write([&](store::Session& session) -> Result<store::idempotency::Answer> {
    if (key) {
      MUSTER_TRY_ASSIGN(auto earlier, store::idempotency::find(session, key->in(workspace_key)));
      if (earlier) return std::move(*earlier);
    }
    MUSTER_TRY_ASSIGN(const Created created, make(session));
    store::idempotency::Answer fresh{created.status, dump_json(created.body)};
    if (key) {
      const TimeUs now = call.services.clock.now_us();
      store::idempotency::purge(session, now - kKeptUs);
      store::idempotency::remember(session, key->in(workspace_key), fresh, now);
    }
    return fresh;
  }));
  crash_point("server.create.stored");
  return replay(answer);
}

}  // namespace muster::api
