#pragma once
// The runner's protocol (docs/rest-api.md, "The runner's protocol"), typed. Every call may be repeated.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "client/http_message.h"
#include "client/server_api.h"
#include "client/work_order.h"
#include "model/rank_report.h"

namespace muster::client {

struct CheckIn {
  std::string node;  ///< the engine's key for it
  std::string version;
  std::int64_t pid = 0;
  std::string host;
  std::string address;   ///< where other nodes reach this one
  int port = 0;          ///< a free port there, where the ranks can meet; 0 until this is known to be node 0
  bool salvage = false;  ///< another runner died here; this one only collects what it left
};

/// Not all nodes are in, or node 0 has offered no port, or the run is being ended: ask again, and listen to the heartbeat's answers.
struct Waiting {
  int node_rank = 0;  ///< which this node is
  int nodes = 0;
};

struct StopOrder {
  std::string reason;
  std::string code;
  std::int64_t grace_seconds = 0;
};

struct HeartbeatAnswer {
  TimeUs server_time = 0;
  std::optional<StopOrder> stop;
};

/// What this node has and the server's disk does not take now.
struct WaitsForDisk {
  std::string what;  ///< for people; "" when nothing waits
  Code code = Code::disk_full;
  std::string detail;  ///< the server's own words
};

/// What this node had and could not be recorded: the run has failed.
struct NotKept {
  std::string code;     ///< disk_full or not_kept
  std::string message;  ///< what, why, and where it is; "" when all was recorded
};

struct StartedRank {
  int rank = 0;
  std::int64_t pid = 0;
  TimeUs started_at = 0;
};

struct OutputFile {
  std::string path;
  std::uint64_t size = 0;
  std::string sha256;
};

/// What became of a piece of a log.
struct LogAnswer {
  std::uint64_t size = 0;  ///< what the server has of this log now: where to go on
  bool gap = false;        ///< nothing was taken, since the piece lies past the end
};

struct LogSize {
  std::string path;
  std::uint64_t size = 0;
};

/// One node of one attempt; which one is learnt by its check-in. Calls block as Api's do and may come from any thread.
class RunnerApi {
 public:
  RunnerApi(std::shared_ptr<Api> api, const std::string& run_id, int attempt, int node_rank = 0);

  Result<std::variant<WorkOrder, Waiting>> check_in(const CheckIn& check_in);
  /// `ran`: since this node started its ranks, once it has.
  Result<HeartbeatAnswer> heartbeat(TimeUs now, std::uint64_t outbox_bytes, const WaitsForDisk& waits,
                                    std::optional<std::chrono::seconds> ran = std::nullopt);
  Result<void> started(const std::vector<StartedRank>& ranks);
  Result<void> rank_failed(const model::RankReport& report);
  Result<void> finished(const std::vector<model::RankReport>& reports);
  /// `logs`: what the server has of each. storage_failed when it has less on its disk by now: the rest has to be sent again before.
  Result<void> done(const std::vector<std::string>& warnings, const Json& resolved_environment, const NotKept& not_kept,
                    const std::vector<LogSize>& logs = {});

  /// `bytes`: at most 4 MiB. `rank`: absent for logs that belong to no rank.
  Result<LogAnswer> put_log(std::string_view path, std::uint64_t offset, TimeUs time, std::optional<int> rank, std::string bytes);
  /// `records` as model::JournalWriter makes them, at most 8 MiB. `rank`: absent for a process without one. The sequence the server wants
  /// next.
  Result<std::uint64_t> post_metrics(std::string_view process, std::uint64_t sequence, std::optional<int> rank, std::string records);
  /// The same of what this node is measured at.
  Result<std::uint64_t> post_machine(std::string_view process, std::uint64_t sequence, std::string records);
  /// What the server has to say of them (two nodes wrote the same name), for done().
  Result<std::vector<std::string>> record_outputs(const std::vector<OutputFile>& files);

  Api& api() { return *api_; }

 private:
  Result<Json> call(std::string_view what, const Json& body);
  std::string path(std::string_view what) const;

  std::shared_ptr<Api> api_;
  std::string attempt_;
  std::string base_;
};

}  // namespace muster::client
