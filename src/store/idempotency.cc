#include "store/idempotency.h"

namespace muster::store::idempotency {

Result<std::optional<Answer>> find(Session& session, const Request& request) {
  std::optional<Answer> answer;
  bool same_body = true;
  session.query("SELECT body_hash, status, body FROM idempotency WHERE workspace_key = ? AND route = ? AND key = ?",
                {request.workspace_key, request.route, request.key}, [&](const Row& row) {
                  same_body = row.bytes(0) == request.body_hash;
                  answer = Answer{static_cast<int>(row.integer(1)), row.text(2)};
                });
  if (same_body) return answer;
  return fail_hint(Code::conflict, "use a new key for a new request", "the Idempotency-Key {} was used with another body", request.key);
}

void remember(Session& session, const Request& request, const Answer& answer, TimeUs now) {
  session.run("INSERT INTO idempotency (workspace_key, route, key, body_hash, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
              {request.workspace_key, request.route, request.key, request.body_hash, answer.status, answer.body, now});
}

std::int64_t purge(Session& session, TimeUs before) { return session.run("DELETE FROM idempotency WHERE created_at < ?", {before}); }

}  // namespace muster::store::idempotency
