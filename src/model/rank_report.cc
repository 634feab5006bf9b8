#include "model/rank_report.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <tuple>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr std::size_t kLongestMessage = 1000;

/// How likely a failure is the cause; lower is likelier.
enum class Blame {
  own,            ///< its own exception, signal or exit code
  communication,  ///< what a rank sees when a peer has died
  told_to_end,    ///< SIGTERM that was not ours: mpirun and torchrun end the others so
  launcher,       ///< mpirun's exit code is that of a rank, mostly
};

Blame blame(const RankReport& report) {
  if (report.start_failed) return Blame::own;
  if (report.rank == kLauncherRank && report.signal.empty()) return Blame::launcher;
  if (report.exception) return is_communication_error(*report.exception) ? Blame::communication : Blame::own;
  if (report.out_of_memory) return Blame::own;
  if (report.signal == "SIGPIPE") return Blame::communication;
  const bool terminated = report.signal == "SIGTERM" || report.exit_code == 128 + SIGTERM;
  return terminated ? Blame::told_to_end : Blame::own;
}

/// "exit code 3", "SIGSEGV", "exit code 139, by which a shell reports SIGSEGV"
std::string ending(const RankReport& report) {
  if (!report.exit_code) return report.signal.empty() ? "an unknown exit code" : report.signal;
  const char* name = *report.exit_code > 128 ? sigabbrev_np(*report.exit_code - 128) : nullptr;
  if (name == nullptr) return fmt::format("exit code {}", *report.exit_code);
  return fmt::format("exit code {}, by which a shell reports SIG{}", *report.exit_code, name);
}

Json exception_to_json(const std::optional<PrintedException>& exception) {
  if (!exception) return {};
  return {{"type", exception->type}, {"message", exception->message}, {"traceback", exception->traceback}};
}

std::optional<PrintedException> read_exception(ObjectReader& in) {
  const Json* json = in.member("exception");
  if (json == nullptr) return std::nullopt;
  ObjectReader inner(*json);
  PrintedException exception;
  exception.type = inner.text("type");
  exception.message = inner.text_or("message", "");
  exception.traceback = inner.text_or("traceback", "");
  if (const auto read = inner.finish("exception"); !read) in.adopt("exception", read.error());
  return exception;
}

TimeUs read_time(ObjectReader& in, std::string_view key) {
  const auto text = in.optional_text(key);
  if (!text) return 0;
  const auto time = from_rfc3339(*text);
  if (!time) in.fault(std::string(key), time.error().detail);
  return time.value_or(0);
}

}  // namespace

Json to_json(const RankReport& report) {
  return {{"rank", report.rank},
          {"local_rank", report.local_rank},
          {"node_rank", report.node_rank},
          {"exit_code", report.exit_code ? Json(*report.exit_code) : Json()},
          {"signal", report.signal.empty() ? Json() : Json(report.signal)},
          {"out_of_memory", report.out_of_memory},
          {"stopped_by_us", report.stopped_by_us},
          {"start_failed", report.start_failed},
          {"environment_failed", report.environment_failed},
          {"started_at", time_to_json(report.started_at)},
          {"ended_at", time_to_json(report.ended_at)},
          {"log", report.log.empty() ? Json() : Json(report.log)},
          {"exception", exception_to_json(report.exception)},
          {"last_lines", report.last_lines.empty() ? Json() : Json(report.last_lines)}};
}

Result<RankReport> rank_report_from_json(const Json& json) {
  constexpr std::int64_t kMostRanks = 1'000'000;
  RankReport report;
  ObjectReader in(json);
  report.rank = static_cast<int>(in.integer("rank", kLauncherRank, kMostRanks));
  report.local_rank = static_cast<int>(in.integer_or("local_rank", 0, 0, kMostRanks));
  report.node_rank = static_cast<int>(in.integer_or("node_rank", 0, 0, kMostRanks));
  if (const auto code = in.optional_integer("exit_code", 0, 255)) report.exit_code = static_cast<int>(*code);
  report.signal = in.text_or("signal", "");
  if (report.exit_code && !report.signal.empty()) in.fault("exit_code", "or `signal` can be given, not both");
  report.out_of_memory = in.boolean_or("out_of_memory", false);
  report.stopped_by_us = in.boolean_or("stopped_by_us", false);
  report.start_failed = in.boolean_or("start_failed", false);
  report.environment_failed = in.boolean_or("environment_failed", false);
  report.started_at = read_time(in, "started_at");
  report.ended_at = read_time(in, "ended_at");
  report.log = in.text_or("log", "");
  report.exception = read_exception(in);
  report.last_lines = in.text_or("last_lines", "");
  MUSTER_TRY(in.finish("rank report"));
  return report;
}

std::optional<RankReport> choose_cause(const std::vector<RankReport>& reports) {
  const RankReport* cause = nullptr;
  const auto order = [](const RankReport& report) { return std::make_tuple(blame(report), report.ended_at, report.rank); };
  for (const RankReport& report : reports) {
    const bool known = report.exit_code || !report.signal.empty() || report.start_failed || report.exception;
    if (!known || report.succeeded() || report.stopped_by_us) continue;
    if (cause == nullptr || order(report) < order(*cause)) cause = &report;
  }
  return cause != nullptr ? std::optional(*cause) : std::nullopt;
}

RunError to_run_error(const RankReport& cause, int world_size) {
  RunError error;
  error.code = "user_error";
  if (cause.rank != kLauncherRank) error.rank = cause.rank;
  error.node_rank = cause.node_rank;
  error.exit_code = cause.exit_code;
  error.signal = cause.signal;
  error.log = cause.log;
  error.last_lines = cause.last_lines;
  if (cause.rank == kLauncherRank) {
    const std::string what =
        cause.exception ? cause.exception->message : fmt::format("mpirun ended with {} (on node {})", ending(cause), cause.node_rank);
    error.message = fmt::format("{}; its output is in {}", what, cause.log);
    return error;
  }
  const std::string where = world_size > 1 ? fmt::format("rank {} on node {}", cause.rank, cause.node_rank) : "";
  const std::string and_where = where.empty() ? "" : fmt::format(" ({})", where);
  if (cause.start_failed) {
    const std::string why = cause.exception ? cause.exception->message : "the reason is not known";
    error.exit_code.reset();
    error.signal.clear();
    error.code = cause.environment_failed ? "environment_error" : "start_failed";
    error.message = cause.environment_failed ? why + and_where : fmt::format("the script could not be started: {}{}", why, and_where);
    return error;
  }
  if (cause.out_of_memory) {
    error.message = fmt::format("out of memory: the kernel ended the script with {}{}", ending(cause), and_where);
  } else if (cause.exception) {
    const std::string_view first_line = std::string_view(cause.exception->message).substr(0, cause.exception->message.find('\n'));
    const std::string words = first_line.empty() ? cause.exception->type : fmt::format("{}: {}", cause.exception->type, first_line);
    error.message = fmt::format("{} ({}{}{})", to_utf8(words.substr(0, kLongestMessage)), where, where.empty() ? "" : ", ", ending(cause));
  } else if (cause.exit_code) {
    error.message = fmt::format("the script ended with {}{}", ending(cause), and_where);
  } else {
    error.message = cause.signal.empty() ? fmt::format("the script ended with {}{}", ending(cause), and_where)
                                         : fmt::format("the script was ended by {}{}", cause.signal, and_where);
  }
  if (cause.exception) error.traceback = cause.exception->traceback;
  return error;
}

}  // namespace muster::model
