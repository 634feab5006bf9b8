#include "runner/steps/send_outputs.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

/// What was put back and is as it was is recorded already, with the attempt that left it. Every node had it put back: that is no two nodes
/// writing one name.
RestoredOutputs restored_of(NodeRun& run) {
  auto restored = load_restored(run.folder.restored());
  if (restored) return *std::move(restored);
  run.warnings.add(fmt::format("outputs of earlier attempts may be recorded again: {}", restored.error().detail));
  return {};
}

}  // namespace

Result<void> collect_outputs(NodeRun& run) {
  return send_outputs(run, find_outputs(run.folder.root(), "outputs", "outputs", warn_of_left_out(run)), restored_of(run),
                      [&](const std::vector<Output>& outputs) -> Result<void> {
                        std::vector<client::OutputFile> files;
                        for (const Output& output : outputs) files.push_back({output.found.path, output.found.size, output.sha256});
                        MUSTER_TRY_ASSIGN(std::vector<std::string> warnings, run.server->record_outputs(files));
                        for (std::string& warning : warnings) run.warnings.add(std::move(warning));
                        return {};
                      });
}

}  // namespace muster::runner::steps
