#include <cstdlib>
#include <string_view>

#include "runner/steps/steps.h"

namespace muster::runner::steps {

namespace {

/// The mark tells a server that starts that this is no leftover.
Result<void> mark_as_kept(const RunFolder& folder) { return write_file(folder.own() / "kept", "", 0644, Durable::no); }

}  // namespace

Result<void> report_done(NodeRun& run) {
  std::string not_kept;
  if (const std::string given_up = run.full_disk.given_up(); !given_up.empty()) {
    const auto marked = mark_as_kept(run.folder);
    if (!marked) log::warning("runner", "{}", marked.error().detail);
    not_kept = fmt::format("the server's disk was full for {} minutes: {} could not be kept there, and are left on node {} in {}",
                           FullDisk::kPatience.count(), given_up, run.options.node_rank, run.folder.root().string());
    run.warnings.add(not_kept);
  }
  const Json resolved = run.environment ? run.environment->take() : Json::object();
  run.messenger->post("the end of the run",
                      [&run, resolved, not_kept] { return run.server->done(run.warnings.list(), resolved, not_kept); });
  MUSTER_TRY(run.messenger->drain());
  if (!not_kept.empty()) return {};
  const char* keep = std::getenv("MUSTER_KEEP_RUN_FOLDERS");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  if (keep != nullptr && std::string_view(keep) == "1") return mark_as_kept(run.folder);
  // All that mattered is with the server.
  if (const auto removed = remove_tree(run.folder.root()); !removed) log::warning("runner", "{}", removed.error().detail);
  return {};
}

}  // namespace muster::runner::steps
