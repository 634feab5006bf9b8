#include "api/run_log.h"

#include "base/text.h"

namespace muster::api {
namespace {

constexpr std::size_t kNamedLogs = 20;

}  // namespace

Result<store::LogInfo> run_log(const Call& call, const store::runs::Brief& run, const std::string& path, int attempt,
                               std::optional<std::int64_t> node_rank) {
  MUSTER_TRY_ASSIGN(const auto logs, call.services.logs.list(run.uuid, attempt));
  std::vector<std::string> names;
  for (const store::LogInfo& log : logs) {
    if (log.id.path == path && (!node_rank || *node_rank == log.id.node_rank)) return log;
    if (names.size() < kNamedLogs) names.push_back(log.id.path);
  }
  return fail_hint(Code::not_found, names.empty() ? "it has written none yet" : "there are " + join(names, ", "),
                   "attempt {} of run {} has no log '{}'", attempt, run.run_id, to_utf8(path.substr(0, 300)));
}

}  // namespace muster::api
