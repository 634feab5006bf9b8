#include "runner/steps/send_outputs.h"

#include <algorithm>
#include <unordered_set>

#include "base/crash_point.h"
#include "base/hash.h"
#include "base/text.h"
#include "client/blobs.h"
#include "runner/persist.h"

namespace muster::runner::steps {
namespace {

constexpr int kRounds = 3;                  // in which a file that changes while it is sent is read again
constexpr std::size_t kFilesAtOnce = 1000;  // the server holds a request in memory, and writes it in one transaction

/// A file that cannot be read is left out alone: a warning names it, and the run folder keeps it.
void leave_out(NodeRun& run, const std::string& path, std::string_view why) {
  run.warnings.add(fmt::format("{} is not recorded: {}", to_utf8(path), why));
  run.delivery.leave_behind();
}

std::vector<Output> hash_all(NodeRun& run, std::vector<FoundOutput> found, const RestoredOutputs& restored) {
  std::vector<Output> outputs;
  for (FoundOutput& one : found) {
    auto hash = sha256_file(one.file);
    if (!hash) {
      leave_out(run, one.path, hash.error().detail);
      continue;
    }
    const auto before = restored.find(one.path);
    if (before == restored.end() || before->second != *hash) outputs.push_back({std::move(one), std::move(*hash)});
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

/// In calls of as many as the server takes at once.
Result<void> record_all(const std::vector<Output>& outputs, const RecordOutputs& record) {
  for (std::size_t at = 0; at < outputs.size(); at += kFilesAtOnce) {
    const auto begin = outputs.begin() + static_cast<std::ptrdiff_t>(at);
    MUSTER_TRY(record({begin, begin + static_cast<std::ptrdiff_t>(std::min(kFilesAtOnce, outputs.size() - at))}));
  }
  return {};
}

/// The files in `changed` (hashes) are not what they were: hashed again, or in the last round left out by name.
void hash_again(NodeRun& run, std::vector<Output>& outputs, const std::unordered_set<std::string>& changed, bool last) {
  std::vector<Output> kept;
  for (Output& output : outputs) {
    if (changed.contains(output.sha256)) {
      std::error_code error;
      output.found.size = std::filesystem::file_size(output.found.file, error);
      auto hash = sha256_file(output.found.file);
      if (!hash || error || last) {
        leave_out(run, output.found.path, hash ? "it changed while it was being sent" : hash.error().detail);
        continue;
      }
      output.sha256 = std::move(*hash);
    }
    kept.push_back(std::move(output));
  }
  outputs = std::move(kept);
}

/// Sends the bytes that the server lacks. `left`: how many were still to be sent; outputs that cannot be had are taken out of the list.
Result<void> send_bytes(NodeRun& run, std::vector<Output>& outputs, std::uint64_t& left) {
  for (int round = 1; round <= kRounds; ++round) {
    MUSTER_TRY_ASSIGN(const auto wanted, missing_of(run, outputs));
    std::vector<client::BlobFile> blobs;
    std::uint64_t bytes = 0;
    for (const Output& output : outputs) {
      if (!wanted.contains(output.sha256)) continue;
      blobs.push_back({output.sha256, output.found.size, output.found.file});
      bytes += output.found.size;
    }
    if (bytes < left) run.delivery.took(Delivery::What::outputs);  // some of them found room
    left = bytes;
    std::unordered_set<std::string> changed;
    MUSTER_TRY(client::upload_blobs(*run.api, blobs, {}, [&](const client::BlobFile& file) { changed.insert(file.sha256); }));
    left = 0;
    if (changed.empty()) return {};
    hash_again(run, outputs, changed, round == kRounds);
  }
  return {};
}

std::string names_of(const std::vector<Output>& outputs) {
  constexpr std::size_t kNamed = 5;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(outputs.size(), kNamed); ++i) names.push_back(to_utf8(outputs[i].found.path));
  if (outputs.size() > kNamed) names.push_back(fmt::format("and {} more", outputs.size() - kNamed));
  return join(names, ", ");
}

/// Sending has ended: outputs whose bytes the server has are recorded, and a warning names the others.
void keep_what_was_sent(NodeRun& run, std::vector<Output> outputs, const RecordOutputs& record, const Error& why) {
  const auto missing = missing_of(run, outputs);
  const auto without_bytes = [&](const Output& output) { return !missing || missing->contains(output.sha256); };
  const auto kept = std::partition(outputs.begin(), outputs.end(), without_bytes);
  const std::vector<Output> sent(kept, outputs.end());
  outputs.erase(kept, outputs.end());
  if (!sent.empty() && !record_all(sent, record)) outputs.insert(outputs.end(), sent.begin(), sent.end());
  if (outputs.empty()) return;
  const bool is_storage = verdict_on(why.code) == Verdict::storage;
  run.warnings.add(fmt::format("these outputs are not recorded: {} ({})", names_of(outputs),
                               why.code == Code::disk_full ? "the server's disk is full"
                               : is_storage                ? "the server cannot write to its disk"
                                                           : why.detail));
  // A refusal by the server's disk was noted when it came.
  if (!is_storage) run.delivery.not_delivered(fmt::format("the outputs {} ({})", names_of(outputs), why.detail));
}

}  // namespace

OnLeftOut warn_of_left_out(NodeRun& run) {
  return [&run](std::string warning, LeftOut why) {
    run.warnings.add(std::move(warning));
    if (why == LeftOut::unreadable) run.delivery.leave_behind();
  };
}

Result<void> send_outputs(NodeRun& run, std::vector<FoundOutput> found, const RestoredOutputs& restored, const RecordOutputs& record) {
  std::vector<Output> outputs = hash_all(run, std::move(found), restored);
  if (outputs.empty()) return {};
  std::uint64_t left = 0;
  const auto goes_on = [&](const Error& why) {
    return run.delivery.refused(Delivery::What::outputs, left, why, run.system_clock.steady());
  };
  // Bytes first, names second: a name that is recorded has its bytes.
  const auto send = [&]() -> Result<void> {
    MUSTER_TRY(send_bytes(run, outputs, left));
    crash_point("runner.outputs.sent");
    return record_all(outputs, record);
  };
  const auto sent = persist(run.stop.calls_canceled(), send, {.with_storage = goes_on});
  if (sent) run.delivery.took(Delivery::What::outputs);
  if (sent) return {};
  if (run.stop.calls_canceled().stop_requested()) return sent;
  keep_what_was_sent(run, std::move(outputs), record, sent.error());
  return {};
}

}  // namespace muster::runner::steps
