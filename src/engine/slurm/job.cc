#include "engine/slurm/job.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/text.h"
#include "process/spawn.h"

namespace muster::engine::slurm {
namespace {

constexpr std::size_t kMostHosts = 100'000;
constexpr std::size_t kMostWords = 4'000;
constexpr std::string_view kCommentMark = "muster:";

std::string from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kMostWords) return "";
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return "";
  bytes.resize(static_cast<std::size_t>(size) - static_cast<std::size_t>(std::count(text.begin(), text.end(), '=')));
  return to_utf8(bytes);
}

/// "muster:node-0=0,node-1=137:YmVndW4K"
std::map<std::string, RunnerEnd> parse_comment(std::string_view comment) {
  std::map<std::string, RunnerEnd> ended;
  if (!comment.starts_with(kCommentMark)) return ended;
  for (const std::string_view one : split(comment.substr(kCommentMark.size()), ',')) {
    const std::size_t equals = one.find('=');
    if (equals == std::string_view::npos || !is_node_key(one.substr(0, equals))) continue;
    const std::string_view end = one.substr(equals + 1);
    const std::size_t colon = std::min(end.find(':'), end.size());
    std::int64_t status = 0;
    if (!parse_int64(end.substr(0, colon), status) || status < 0 || status > 255) continue;
    ended[std::string(one.substr(0, equals))] = {static_cast<int>(status), from_base64(end.substr(std::min(colon + 1, end.size())))};
  }
  return ended;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Meaning {
  std::string_view reason;  ///< what Slurm's word begins with
  std::string_view words;
};
/// The first that fits counts.
constexpr std::array kMeanings{
    Meaning{"None", "Slurm has not looked at it yet"},
    Meaning{"Priority", "jobs of a higher priority come first"},
    Meaning{"Resources", "it is next, and its nodes are still in use"},
    Meaning{"JobHeldUser", "it is held; `scontrol release` lets it go"},
    Meaning{"JobHeldAdmin", "an administrator holds it"},
    Meaning{"Dependency", "another job has to end first"},
    Meaning{"BeginTime", "its time has not come"},
    Meaning{"PartitionDown", "its partition starts no jobs now"},
    Meaning{"PartitionInactive", "its partition takes no jobs now"},
    Meaning{"PartitionNodeLimit", "it asks for more nodes than its partition gives to a job; it will not start until that is changed"},
    Meaning{"PartitionTimeLimit", "it asks for more time than its partition gives to a job; it will not start until that is changed"},
    Meaning{"BadConstraints", "no node is as it asks; it will not start until that is changed"},
    Meaning{"AccountNotAllowed", "its account may not use the partition"},
    Meaning{"QOSNotAllowed", "its QOS may not use the partition"},
    Meaning{"InvalidAccount", "Slurm does not know its account"},
    Meaning{"InvalidQOS", "Slurm does not know its QOS"},
    Meaning{"ReqNodeNotAvail", "nodes that it needs are not available"},
    Meaning{"Nodes_required_for_job", "nodes that it needs are down, drained or reserved"},
    Meaning{"NodeDown", "a node that it needs is down"},
    Meaning{"Reservation", "its reservation has not begun"},
    Meaning{"Licenses", "licenses that it needs are in use"},
    Meaning{"Cleaning", "it was ended, and is started again when that is done"},
    Meaning{"Assoc", "a limit of its account is reached"},
    Meaning{"QOS", "a limit of its QOS is reached"},
    Meaning{"Max", "a limit of its account is reached"},
    Meaning{"launch_failed_requeued_held", "a node could not start it, and Slurm holds it since"},
};

GoneKind kind_of(std::string_view state) {
  if (is_one_of(state, {"TIMEOUT", "DEADLINE"})) return GoneKind::time_limit;
  if (state == "CANCELLED") return GoneKind::canceled_outside;
  if (is_one_of(state, {"NODE_FAIL", "BOOT_FAIL"})) return GoneKind::node_failed;
  if (is_one_of(state, {"PREEMPTED", "REVOKED", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"})) return GoneKind::preempted;
  if (state == "OUT_OF_MEMORY") return GoneKind::out_of_memory;
  return state == "COMPLETED" ? GoneKind::exited : GoneKind::killed;
}

/// It ended before Slurm had to end it, but for the same reason.
Gone gone_in_time(const Job& job) { return {GoneKind::time_limit, fmt::format("Slurm's time limit for job {}", job.id), "", true}; }

/// Appends what `list`, one name with brackets or none, stands for.
Result<void> expand_one(const std::string& before, std::string_view list, std::vector<std::string>& hosts) {
  const std::size_t open = list.find('[');
  if (open == std::string_view::npos) {
    if (before.empty() && list.empty()) return fail(Code::malformed, "a name is empty");
    if (hosts.size() >= kMostHosts) return fail(Code::malformed, "it has more than {} names", kMostHosts);
    hosts.push_back(before + std::string(list));
    return {};
  }
  const std::size_t close = list.find(']', open);
  if (close == std::string_view::npos) return fail(Code::malformed, "a bracket is not closed");
  for (const std::string_view range : split(list.substr(open + 1, close - open - 1), ',')) {
    const std::string_view from = range.substr(0, range.find('-'));
    const std::string_view to = range.find('-') == std::string_view::npos ? from : range.substr(range.find('-') + 1);
    std::int64_t first = 0;
    std::int64_t last = 0;
    const bool is_range = from.size() <= 9 && to.size() <= 9 && parse_int64(from, first) && parse_int64(to, last);
    if (!is_range || first < 0 || last < first || last - first >= static_cast<std::int64_t>(kMostHosts))
      return fail(Code::malformed, "'{}' is no range of numbers", range);
    for (std::int64_t number = first; number <= last; ++number)
      MUSTER_TRY(expand_one(fmt::format("{}{}{:0{}}", before, list.substr(0, open), number, from.size()), list.substr(close + 1), hosts));
  }
  return {};
}

}  // namespace

std::vector<Job> parse_jobs(std::string_view text) {
  std::vector<Job> jobs;
  for (std::string_view line : split(text, '\n')) {
    std::array<std::string_view, 4> fields;
    bool is_whole = true;
    for (std::string_view& field : fields) {
      const std::size_t bar = line.find('|');
      is_whole = is_whole && bar != std::string_view::npos;
      if (!is_whole) break;
      field = line.substr(0, bar);
      line.remove_prefix(bar + 1);
    }
    Job job;
    if (!is_whole || !parse_int64(fields[0], job.id) || job.id < 1) continue;
    job.state = fields[1];
    job.reason = fields[2] == "None" && job.state != "PENDING" ? "" : fields[2];
    job.nodes = fields[3];
    job.ended = parse_comment(line);
    job.time_is_near = job.ended.erase("time_limit") > 0;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

Phase phase_of(const Job& job) {
  const std::string_view state = job.state;
  if (state == "PENDING") return job.reason == "JobHeldUser" ? Phase::held : Phase::waiting;
  if (state == "CONFIGURING") return Phase::coming;
  // What is being ended, stopped for a while or changed in size still has its nodes.
  if (is_one_of(state, {"RUNNING", "COMPLETING", "SUSPENDED", "STOPPED", "SIGNALING", "STAGE_OUT", "RESIZING"})) return Phase::running;
  return Phase::ended;
}

std::string waiting_words(const Job& job) {
  const std::string_view reason = job.reason.empty() ? "None" : std::string_view(job.reason);
  const auto fits = [&](const Meaning& meaning) { return reason.starts_with(meaning.reason); };
  const auto known = std::find_if(kMeanings.begin(), kMeanings.end(), fits);
  if (known == kMeanings.end()) return fmt::format("waiting in Slurm's queue: {} (job {})", reason, job.id);
  return fmt::format("waiting in Slurm's queue: {} ({}, job {})", known->words, reason, job.id);
}

Gone gone_with(const Job& job) {
  Gone gone;
  if (job.time_is_near) return gone_in_time(job);
  gone.kind = kind_of(job.state);
  gone.words = gone.kind == GoneKind::exited ? "exit code 0" : fmt::format("Slurm: {}", job.state);
  // A job that was canceled has the reason for which it had waited.
  if (gone.kind != GoneKind::exited && gone.kind != GoneKind::canceled_outside && !job.reason.empty()) gone.words += " for " + job.reason;
  if (gone.kind != GoneKind::exited) gone.words += fmt::format(", job {}", job.id);
  gone.collectable = gone.kind != GoneKind::node_failed;
  return gone;
}

Gone gone_by(const Job& job, const RunnerEnd& end) {
  Gone gone;
  if (job.time_is_near) return gone_in_time(job);
  const bool by_signal = end.status > 128 && end.status < 128 + NSIG;
  gone.kind = by_signal ? GoneKind::killed : GoneKind::exited;
  gone.words = by_signal ? process::signal_name(end.status - 128) : fmt::format("exit code {}", end.status);
  gone.last_words = end.last_words;
  return gone;
}

Result<std::vector<std::string>> expand_hostlist(std::string_view list) {
  std::vector<std::string> hosts;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] == '[') ++depth;
    if (i < list.size() && list[i] == ']') --depth;
    if (i < list.size() && (list[i] != ',' || depth != 0)) continue;
    if (auto expanded = expand_one("", list.substr(begin, i - begin), hosts); !expanded)
      return fail(Code::malformed, "'{}' is no list of nodes: {}", list.substr(0, 200), expanded.error().detail);
    begin = i + 1;
  }
  return hosts;
}

}  // namespace muster::engine::slurm
