#include "runner/rank_reports.h"

#include <csignal>

#include "base/file.h"
#include "launch/mpi.h"
#include "model/log_lines.h"

namespace muster::runner {
namespace {

constexpr std::uint64_t kTailBytes = 64 << 10;

}  // namespace

model::RankReport make_report(const RankState& rank, int node_rank, const EndedRank& ended, std::string_view tail) {
  model::RankReport report;
  report.rank = rank.rank;
  report.local_rank = rank.local_rank;
  report.node_rank = node_rank;
  report.exit_code = ended.how.exit_code;
  if (ended.how.signal) report.signal = process::signal_name(*ended.how.signal);
  report.stopped_by_us = ended.asked_to_end;
  report.started_at = rank.started_at;
  report.ended_at = ended.ended_at;
  report.log = rank.log;
  if (report.succeeded()) return report;
  const bool killed = ended.how.signal == SIGKILL || ended.how.exit_code == 128 + SIGKILL;  // the latter is how a shell reports it
  report.out_of_memory = killed && ended.out_of_memory_kill && !ended.asked_to_end;
  report.exception = model::find_exception(tail);
  if (!report.exception && !report.stopped_by_us) report.last_lines = model::last_lines(tail);
  return report;
}

process::Ended how_ended(const rank::RankRecord& record) {
  return record.signal != 0 ? process::Ended{std::nullopt, record.signal} : process::Ended{record.exit_code, std::nullopt};
}

model::RankReport report_of_mpirun(int node_rank, const process::Ended& how, TimeUs ended_at, std::string_view tail) {
  model::RankReport report;
  report.rank = model::kLauncherRank;
  report.node_rank = node_rank;
  report.exit_code = how.exit_code;
  if (how.signal) report.signal = process::signal_name(*how.signal);
  report.started_at = ended_at;
  report.ended_at = ended_at;
  report.log = launch::kMpirunLog;
  report.last_lines = model::last_lines(tail);
  return report;
}

std::string tail_of_log(const std::filesystem::path& file) { return read_tail(file, kTailBytes); }

}  // namespace muster::runner
