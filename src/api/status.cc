// How the server is: for load balancers, monitoring and people.
#include <unistd.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "api/query.h"
#include "api/resources.h"
#include "base/file.h"
#include "base/plural.h"
#include "store/runs.h"
#include "store/workspaces.h"

namespace muster::api {
namespace {

using Counts = std::map<model::RunStatus, std::int64_t>;

/// Of the workspaces that the caller reaches.
Result<Counts> count_runs(const Call& call) {
  return call.services.store.read([&](store::Session& session) -> Result<Counts> {
    const auto only = call.caller.only_workspace();
    if (!only) return store::runs::count_active(session);
    const auto workspace = store::workspaces::find(session, *only);
    return workspace ? store::runs::count_active(session, workspace->key) : Counts();
  });
}

/// What is to be said of the disk, a line a run: the database has no room for it.
Json warnings_of(const Call& call) {
  constexpr std::size_t kNamed = 10;
  auto unstored = call.services.scheduler.unstored();
  if (const auto only = call.caller.only_workspace()) {
    std::erase_if(unstored, [&](const scheduler::UnstoredDetail& one) {
      const auto run = call.services.scheduler.active(one.run_id);
      return !run || run->workspace != *only;
    });
  }
  Json warnings = Json::array();
  for (std::size_t i = 0; i < std::min(unstored.size(), kNamed); ++i)
    warnings.push_back(fmt::format("{}: {}", unstored[i].run_id, unstored[i].detail));
  if (unstored.size() > kNamed) warnings.push_back(fmt::format("and the same of {}", counted(unstored.size() - kNamed, "more run")));
  return warnings;
}

Result<http::Response> healthz(Call&) { return http::json_response(200, {{"status", "ok"}}); }

Result<http::Response> get_status(Call& call) {
  const ServerInfo& info = call.services.info;
  MUSTER_TRY_ASSIGN(const Counts counts, count_runs(call));
  std::int64_t active = 0;
  for (const auto& [status, count] : counts) active += count;
  const auto queued = counts.find(model::RunStatus::queued);
  MUSTER_TRY_ASSIGN(const std::uint64_t free, free_bytes(info.home));
  return http::json_response(200, {{"server",
                                    {{"pid", ::getpid()},
                                     {"url", info.url},
                                     {"fingerprint", text_or_null(info.fingerprint)},
                                     {"version", info.version},
                                     {"home", info.home},
                                     {"started_at", time_to_json(info.started_at)}}},
                                   {"runs", {{"active", active}, {"queued", queued == counts.end() ? 0 : queued->second}}},
                                   {"storage", {{"bytes_free", free}}},
                                   {"warnings", warnings_of(call)}});
}

/// From /proc/self/statm, in bytes; 0 when it cannot be read.
std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Prometheus' text format, version 0.0.4.
Result<http::Response> get_prometheus(Call& call) {
  const ServerInfo& info = call.services.info;
  MUSTER_TRY_ASSIGN(const Counts counts, count_runs(call));
  MUSTER_TRY_ASSIGN(const std::uint64_t free, free_bytes(info.home));
  std::string text = "# HELP muster_runs Runs that have not ended, by status.\n# TYPE muster_runs gauge\n";
  for (const auto status : {model::RunStatus::not_started, model::RunStatus::preparing, model::RunStatus::queued,
                            model::RunStatus::provisioning, model::RunStatus::starting, model::RunStatus::running,
                            model::RunStatus::not_responding, model::RunStatus::finalizing, model::RunStatus::cancel_requested}) {
    const auto at = counts.find(status);
    text += fmt::format("muster_runs{{status=\"{}\"}} {}\n", to_string(status), at == counts.end() ? 0 : at->second);
  }
  const auto gauge = [&](std::string_view name, std::string_view help, const auto& value) {
    text += fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", name, help, value);
  };
  gauge("muster_storage_free_bytes", "Bytes free on the disk of MUSTER_HOME.", free);
  gauge("process_start_time_seconds", "When the server started, seconds since 1970.", static_cast<double>(info.started_at) / 1e6);
  gauge("process_resident_memory_bytes", "Memory of the server's process.", resident_bytes());
  return http::Response{200, {{"content-type", "text/plain; version=0.0.4"}}, std::move(text)};
}

}  // namespace

void add_status_routes(Routes& routes) {
  routes.add("GET", "/healthz", {Users::anyone}, healthz);
  routes.add("GET", "/metrics", {Users::reader}, get_prometheus);
  routes.add("GET", "/api/v1/status", {Users::reader}, get_status);
}

}  // namespace muster::api
