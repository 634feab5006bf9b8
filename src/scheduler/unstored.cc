#include "scheduler/unstored.h"

namespace muster::scheduler {
namespace {

/// Well above the time between two tries of anything: a second or two for what the server tries again, and some for a heartbeat.
constexpr std::chrono::seconds kForgotten{60};

std::string_view detail_for(Code code) {
  if (code == Code::disk_full)
    return "the server's disk is full: what happens to the run cannot be stored, and is tried again; free some space";
  return "the server cannot write to its disk: what happens to the run cannot be stored, and is tried again; repair the disk";
}

}  // namespace

void Unstored::refused(const model::Run& run, const Event& event, const Error& error, TimePoint now) {
  const bool of_disk = error.code == Code::disk_full || error.code == Code::storage_failed;
  // Who asks for a cancel gets the refusal as the answer.
  if (!of_disk || model::has_ended(run.status) || std::holds_alternative<CancelAsked>(event)) return;
  const bool is_own = std::holds_alternative<WaitsForDisk>(event);
  std::string detail = is_own ? step(run, event, {}).run.status_detail : std::string(detail_for(error.code));
  entries_.with([&](auto& entries) {
    Entry& entry = entries[run.key];
    if (is_own || !entry.is_own || now - entry.at > kForgotten) {
      entry.shown = {run.key, run.run_id, std::move(detail)};
      entry.is_own = is_own;
    }
    entry.at = now;
  });
}

void Unstored::stored() {
  entries_.with([](auto& entries) { entries.clear(); });
}

std::vector<UnstoredDetail> Unstored::all(TimePoint now) const {
  return entries_.with([&](const auto& entries) {
    std::vector<UnstoredDetail> all;
    for (const auto& [key, entry] : entries) {
      if (now - entry.at <= kForgotten) all.push_back(entry.shown);
    }
    return all;
  });
}

}  // namespace muster::scheduler
