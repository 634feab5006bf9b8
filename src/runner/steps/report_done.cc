#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "environment/container_runtime.h"
#include "runner/persist.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

std::string_view reason_of(Code why) {
  switch (why) {
    case Code::disk_full: return "the server's disk was full";
    case Code::storage_failed: return "the server could not write to its disk";
    default: return "the server did not take all of it";
  }
}

bool is_to_be_kept() {
  const char* keep = std::getenv("MUSTER_KEEP_RUN_FOLDERS");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  return keep != nullptr && std::string_view(keep) == "1";
}

/// Before the report: after it the server removes a folder that has no mark.
Result<client::NotKept> keep_what_is_needed(NodeRun& run) {
  client::NotKept not_kept;
  const bool is_needed = run.delivery.folder_is_needed();
  if (is_needed || is_to_be_kept()) MUSTER_TRY(run.folder.mark_as_kept());
  if (!is_needed) return not_kept;
  const std::string where = fmt::format("on node {} in {}", run.node_rank, run.folder.root().string());
  const Delivery::NotKept lost = run.delivery.not_kept();
  if (lost.words.empty()) {
    run.warnings.add(fmt::format("what is not recorded is left {}", where));
    return not_kept;
  }
  not_kept.code = lost.why == Code::disk_full ? "disk_full" : "not_kept";
  not_kept.message = fmt::format("{}: {} could not be kept there, and are left {}", reason_of(lost.why), lost.words, where);
  run.warnings.add(not_kept.message);
  return not_kept;
}

/// Sends the report once. Logs that the server had taken and whose end its disk has lost are sent again before the next try.
Result<void> say_done(NodeRun& run, const Json& resolved) {
  MUSTER_TRY_ASSIGN(const client::NotKept not_kept, keep_what_is_needed(run));
  auto said = run.server->done(run.warnings.list(), resolved, not_kept, run.logs->taken());
  if (!said && verdict_on(said.error().code) == Verdict::storage) run.logs->send_again();
  return said;
}

}  // namespace

Result<void> report_done(NodeRun& run) {
  const Json resolved = run.environment      ? run.environment->take()
                        : run.in_container() ? environment::contents_of_container(run.order.prepared)
                                             : Json::object();
  MUSTER_TRY(run.messenger->drain());
  crash_point("runner.finished.answered");
  // Tried for as long as it takes: the run does not end before the server has this report.
  run.heartbeat->reporting_done();
  MUSTER_TRY(persist(run.stop.calls_canceled(), [&] { return say_done(run, resolved); },
                     {.with_faults = std::chrono::hours(24 * 7), .over_is_an_answer = true}));
  crash_point("runner.done.answered");
  run.heartbeat.reset();  // removing a large folder takes a while, in which there is nothing more to say
  if (run.delivery.folder_is_needed() || is_to_be_kept()) return {};
  // Everything that the folder had was recorded. A server that has just started may be removing it as well.
  if (const auto removed = remove_tree(run.folder.root()); !removed) log::warning("runner", "{}", removed.error().detail);
  return {};
}

}  // namespace muster::runner::steps
