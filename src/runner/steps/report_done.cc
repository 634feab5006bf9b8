#include <cstdlib>
#include <string_view>

#include "runner/steps/steps.h"

namespace muster::runner::steps {

Result<void> report_done(NodeRun& run) {
  const Json resolved = run.environment ? run.environment->take() : Json::object();
  run.messenger->post("the end of the run", [&run, resolved] { return run.server->done(run.warnings.list(), resolved); });
  MUSTER_TRY(run.messenger->drain());
  const char* keep = std::getenv("MUSTER_KEEP_RUN_FOLDERS");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  // The mark tells a server that starts that this is no leftover.
  if (keep != nullptr && std::string_view(keep) == "1") return write_file(run.folder.own() / "kept", "", 0644, Durable::no);
  // All that mattered is with the server.
  if (const auto removed = remove_tree(run.folder.root()); !removed) log::warning("runner", "{}", removed.error().detail);
  return {};
}

}  // namespace muster::runner::steps
