#include <algorithm>
#include <unordered_set>

#include "base/hash.h"
#include "base/text.h"
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

/// What was put back and is as it was is recorded already, with the attempt that left it. Every node had it put back: that is no two nodes
/// writing one name.
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
  // Small ones first: a disk that is nearly full takes as many as it can.
  std::stable_sort(outputs.begin(), outputs.end(), [](const Output& a, const Output& b) { return a.found.size < b.found.size; });
  return outputs;
}

/// The hashes of those whose bytes the server does not have.
Result<std::unordered_set<std::string>> missing_of(NodeRun& run, const std::vector<Output>& outputs) {
  std::vector<std::string> hashes;
  for (const Output& output : outputs) hashes.push_back(output.sha256);
  MUSTER_TRY_ASSIGN(const std::vector<std::string> missing, client::missing_blobs(*run.api, hashes));
  return std::unordered_set<std::string>(missing.begin(), missing.end());
}

Result<void> record(NodeRun& run, const std::vector<Output>& outputs) {
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

/// Bytes first, names second: a name that is recorded has its bytes. `left`: the bytes that were still to be sent.
Result<void> send(NodeRun& run, const std::vector<Output>& outputs, std::uint64_t& left) {
  MUSTER_TRY_ASSIGN(const auto wanted, missing_of(run, outputs));
  std::vector<client::BlobFile> blobs;
  std::uint64_t bytes = 0;
  for (const Output& output : outputs) {
    if (!wanted.contains(output.sha256)) continue;
    blobs.push_back({output.sha256, output.found.size, output.found.file});
    bytes += output.found.size;
  }
  if (bytes < left) run.full_disk.took(FullDisk::What::outputs);  // some of them found room
  left = bytes;
  MUSTER_TRY(client::upload_blobs(*run.api, blobs));
  left = 0;
  return record(run, outputs);
}

std::string names_of(const std::vector<Output>& outputs) {
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(outputs.size(), kNamed); ++i) names.push_back(to_utf8(outputs[i].found.path));
  if (outputs.size() > kNamed) names.push_back(fmt::format("and {} more", outputs.size() - kNamed));
  return join(names, ", ");
}

/// Nobody waits for room any longer: what did find some is recorded, of the rest it is said.
void keep_what_fitted(NodeRun& run, std::vector<Output> outputs) {
  const auto missing = missing_of(run, outputs);
  const auto without_bytes = [&](const Output& output) { return !missing || missing->contains(output.sha256); };
  const auto kept = std::partition(outputs.begin(), outputs.end(), without_bytes);
  const std::vector<Output> fitted(kept, outputs.end());
  outputs.erase(kept, outputs.end());
  const auto recorded = record(run, fitted);
  if (!recorded) run.warnings.add(fmt::format("not kept, as the server's disk is full: {}", names_of(fitted)));
  if (!outputs.empty()) run.warnings.add(fmt::format("not kept, as the server's disk is full: {}", names_of(outputs)));
}

}  // namespace

Result<void> collect_outputs(NodeRun& run) {
  const std::vector<Output> outputs = hash_all(run);
  if (outputs.empty()) return {};
  std::uint64_t left = 0;
  const auto goes_on = [&] { return run.full_disk.refused(FullDisk::What::outputs, left, run.system_clock.steady()); };
  const auto sent = persist(
      run.stop.given_up(), [&] { return send(run, outputs, left); }, Unknown::passes, goes_on);
  if (sent) run.full_disk.took(FullDisk::What::outputs);
  if (sent) return {};
  if (run.stop.given_up().stop_requested()) return sent;
  if (sent.error().code == Code::disk_full) {
    keep_what_fitted(run, outputs);
    return {};
  }
  run.warnings.add(fmt::format("outputs/ could not be kept: {}", sent.error().detail));
  return {};
}

}  // namespace muster::runner::steps
