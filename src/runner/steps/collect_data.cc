#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/path_pattern.h"
#include "launch/job_variables.h"
#include "runner/dataset_registration.h"
#include "runner/persist.h"
#include "runner/steps/send_outputs.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

using model::RunInput;

std::vector<FoundOutput> find_data(NodeRun& run, const std::string& name, const RunInput& upload) {
  const std::filesystem::path folder = launch::input_folder(run.folder.root(), name).lexically_relative(run.folder.root());
  std::vector<FoundOutput> found = find_outputs(run.folder.root(), folder, name, warn_of_left_out(run));
  if (upload.patterns.empty()) return found;
  std::erase_if(found, [&](const FoundOutput& one) {
    const std::string_view below = std::string_view(one.path).substr(name.size() + 1);
    return std::none_of(upload.patterns.begin(), upload.patterns.end(),
                        [&](const std::string& pattern) { return path_matches(pattern, below); });
  });
  return found;
}

Result<void> record_data(NodeRun& run, const std::string& name, const RunInput& upload, const std::vector<Output>& outputs) {
  Json files = Json::array();
  for (const Output& output : outputs)
    files.push_back(
        {{"path", upload.path + output.found.path.substr(name.size())}, {"size", output.found.size}, {"sha256", output.sha256}});
  MUSTER_TRY_ASSIGN(const Json answer, run.api->post(run.api->in_workspace({"datastores", upload.datastore, "files"}),
                                                     Json{{"files", std::move(files)}, {"overwrite", upload.overwrite}}));
  const auto kept = answer.find("kept");
  if (kept == answer.end() || !kept->is_array()) return {};
  for (const Json& path : *kept)
    run.warnings.add(fmt::format("{} was not written: the datastore {} has another file there", path.get<std::string>(), upload.datastore));
  return {};
}

bool has_succeeded(const NodeRun& run) {
  const auto& reports = run.state.reports;
  return !reports.empty() && std::all_of(reports.begin(), reports.end(), [](const model::RankReport& one) { return one.succeeded(); });
}

Result<void> collect(NodeRun& run, const std::string& name, const RunInput& upload) {
  MUSTER_TRY(send_outputs(run, find_data(run, name, upload), {},
                          [&](const std::vector<Output>& outputs) { return record_data(run, name, upload, outputs); }));
  if (!upload.registration || run.order.node_rank != 0 || !has_succeeded(run)) return {};
  const auto registered = persist(run.stop.calls_canceled(), [&] { return register_dataset(*run.api, upload, run.folder.root()); });
  if (registered || run.stop.calls_canceled().stop_requested()) return registered;
  run.warnings.add(fmt::format("the dataset {} was not registered: {}", upload.registration->name, registered.error().detail));
  return {};
}

}  // namespace

Result<void> collect_data(NodeRun& run) {
  if (run.start_error) return {};
  for (const auto& [name, input] : run.order.inputs) {
    if (input.mode == RunInput::Mode::upload) MUSTER_TRY(collect(run, name, input));
  }
  return {};
}

}  // namespace muster::runner::steps
