#include "scheduler/run_tokens.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/text.h"

namespace muster::scheduler {
namespace {

constexpr std::string_view kRunnerPrefix = "mr_";
constexpr std::string_view kJobPrefix = "mj_";

std::string_view prefix_of(TokenHolder holder) { return holder == TokenHolder::runner ? kRunnerPrefix : kJobPrefix; }

}  // namespace

std::string RunTokens::digits(TokenHolder holder, std::string_view run_id, int attempt) const {
  return hmac_sha256_hex(secret_, fmt::format("{}:{}:{}", holder == TokenHolder::runner ? "run" : "job", run_id, attempt));
}

std::string RunTokens::token(TokenHolder holder, std::string_view run_id, int attempt) const {
  return fmt::format("{}{}.{}.{}", prefix_of(holder), run_id, attempt, digits(holder, run_id, attempt));
}

std::optional<RunTokens::Named> RunTokens::genuine(std::string_view token) const {
  if (!is_run_token(token)) return std::nullopt;
  Named named;
  named.holder = token.starts_with(kRunnerPrefix) ? TokenHolder::runner : TokenHolder::job;
  token.remove_prefix(prefix_of(named.holder).size());
  const auto parts = split(token, '.');
  std::int64_t attempt = 0;
  if (parts.size() != 3 || !parse_int64(parts[1], attempt) || attempt < 1 || attempt > INT32_MAX) return std::nullopt;
  named.run_id = std::string(parts[0]);
  named.attempt = static_cast<int>(attempt);
  if (!equal_secrets(digits(named.holder, named.run_id, named.attempt), parts[2])) return std::nullopt;
  return named;
}

bool RunTokens::is_run_token(std::string_view token) { return token.starts_with(kRunnerPrefix) || token.starts_with(kJobPrefix); }

std::string RunTokens::proof_key(std::string_view run_id, int attempt) const {
  return hmac_sha256_hex(secret_, fmt::format("proof:{}:{}", run_id, attempt));
}

std::string RunTokens::log_signature(std::string_view run_uuid, int attempt, int node_rank, std::string_view path,
                                     std::int64_t expires) const {
  return hmac_sha256_hex(secret_, fmt::format("log:{}:{}:{}:{}:{}", run_uuid, attempt, node_rank, expires, path));
}

}  // namespace muster::scheduler
