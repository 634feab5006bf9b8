#pragma once
// The tokens of a run's attempt, and the proof that a server is the one that gave them. All are HMACs of the home's secret: checked
// without being stored, and a salvaging runner gets the same ones after a restart. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::scheduler {

/// Whose a token is.
enum class TokenHolder {
  runner,  ///< "mr_": the runners' of the attempt, for the runner's protocol and the bytes that they fetch and bring
  job,     ///< "mj_": what the attempt's ranks find in MUSTER_RUN_TOKEN
};

class RunTokens {
 public:
  explicit RunTokens(std::string secret) : secret_(std::move(secret)) {}

  /// "<prefix><run id>.<attempt>.<64 hex>". Good until the run has ended or is at another attempt; that is for the caller to look up.
  std::string token(TokenHolder holder, std::string_view run_id, int attempt) const;

  /// Whose a genuine token is; nothing for any other text.
  struct Named {
    TokenHolder holder = TokenHolder::job;
    std::string run_id;
    int attempt = 1;
  };
  std::optional<Named> genuine(std::string_view token) const;
  /// Whether it looks like one of ours.
  static bool is_run_token(std::string_view token);

  /// What a runner is given beside its token, and never sends: by it an answer proves whose it is.
  std::string proof_key(std::string_view run_id, int attempt) const;

  /// What opens one log without a token until `expires` (seconds since 1970), and nothing else: 64 hex digits.
  std::string log_signature(std::string_view run_uuid, int attempt, int node_rank, std::string_view path, std::int64_t expires) const;

 private:
  std::string digits(TokenHolder holder, std::string_view run_id, int attempt) const;

  const std::string secret_;
};

}  // namespace muster::scheduler
