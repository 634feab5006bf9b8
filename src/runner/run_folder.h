#pragma once
// The run folder's places (docs/formats.md, "Run folder").

#include <filesystem>
#include <string>

#include "base/file.h"
#include "model/node_folder_name.h"

namespace muster::runner {

class RunFolder {
 public:
  RunFolder() = default;
  explicit RunFolder(std::filesystem::path root) : root_(std::move(root)) {}
  /// Of a node of an attempt, below its node's scratch folder.
  RunFolder(const std::filesystem::path& scratch, const std::string& run_id, int attempt, int node_rank)
      : root_(scratch / "runs" / run_id / std::to_string(attempt) / model::node_folder_name(node_rank)) {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path outputs() const { return root_ / "outputs"; }
  std::filesystem::path logs() const { return root_ / "logs"; }
  std::filesystem::path own() const { return root_ / ".muster"; }
  std::filesystem::path state() const { return own() / "state.json"; }
  std::filesystem::path log_names() const { return own() / "logs.json"; }
  std::filesystem::path restored() const { return own() / "restored.json"; }
  std::filesystem::path ranks() const { return own() / "ranks"; }
  std::filesystem::path metrics() const { return own() / "metrics"; }
  /// Where a rank writes the log that the server knows as "azureml-logs/70_driver_log.txt".
  std::filesystem::path rank_log(const std::string& log) const { return ranks() / std::filesystem::path(log).filename(); }

  /// All of them but the snapshot's own.
  Result<void> make() const {
    for (const auto& folder : {outputs(), logs(), ranks(), metrics()}) MUSTER_TRY(make_folders(folder));
    return {};
  }
  Result<void> mark_as_kept() const { return write_file(root_ / model::kKeptMark, "", 0644, Durable::yes); }

 private:
  std::filesystem::path root_;
};

}  // namespace muster::runner
