#include <unordered_set>

#include "base/hash.h"
#include "client/blobs.h"
#include "runner/output_walk.h"
#include "runner/persist.h"
#include "runner/restored_outputs.h"
#include "runner/steps/steps.h"

namespace muster::runner::steps {
namespace {

constexpr std::size_t kFilesAtOnce = 5000;  // keeps the request well below the API's 8 MiB

struct Output {
  FoundOutput found;
  std::string sha256;
};

/// What was put back and is as it was is recorded already, with the attempt that left it. Every node had it put back: that is no two nodes writing one name.
std::vector<Output> hash_all(NodeRun& run) {
  auto restored = load_restored(run.folder.restored());
  if (!restored) {
    run.warnings.add(fmt::format("outputs of earlier attempts may be recorded again: {}", restored.error().detail));
    restored = RestoredOutputs{};
  }
  std::vector<Output> outputs;
  for (FoundOutput& found : find_outputs(run.folder.root(), [&](std::string warning) { run.warnings.add(std::move(warning)); })) {
    auto hash = sha256_file(found.file);
    if (!hash) {
      run.warnings.add(fmt::format("{} is not kept: {}", found.path, hash.error().detail));
      continue;
    }
    const auto before = restored->find(found.path);
    if (before == restored->end() || before->second != *hash) outputs.push_back({std::move(found), std::move(*hash)});
  }
  return outputs;
}

/// Bytes first, names second: a name that is recorded has its bytes.
Result<void> send(NodeRun& run, const std::vector<Output>& outputs) {
  std::vector<std::string> hashes;
  for (const Output& output : outputs) hashes.push_back(output.sha256);
  MUSTER_TRY_ASSIGN(const std::vector<std::string> missing, client::missing_blobs(*run.api, hashes));
  const std::unordered_set<std::string> wanted(missing.begin(), missing.end());
  std::vector<client::BlobFile> blobs;
  for (const Output& output : outputs) {
    if (wanted.contains(output.sha256)) blobs.push_back({output.sha256, output.found.size, output.found.file});
  }
  MUSTER_TRY(client::upload_blobs(*run.api, blobs));
  for (std::size_t at = 0; at < outputs.size(); at += kFilesAtOnce) {
    std::vector<client::OutputFile> files;
    for (std::size_t i = at; i < std::min(outputs.size(), at + kFilesAtOnce); ++i) {
      files.push_back({outputs[i].found.path, outputs[i].found.size, outputs[i].sha256});
    }
    MUSTER_TRY_ASSIGN(std::vector<std::string> warnings, run.server->record_outputs(files));
    for (std::string& warning : warnings) run.warnings.add(std::move(warning));
  }
  return {};
}

}  // namespace

Result<void> collect_outputs(NodeRun& run) {
  const std::vector<Output> outputs = hash_all(run);
  if (outputs.empty()) return {};
  const auto sent = persist(run.stop.given_up(), [&] { return send(run, outputs); });
  if (sent) return {};
  if (run.stop.given_up().stop_requested()) return sent;
  run.warnings.add(fmt::format("outputs/ could not be kept: {}", sent.error().detail));
  return {};
}

}  // namespace muster::runner::steps
