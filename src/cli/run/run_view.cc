#include "cli/run/run_view.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/fields.h"
#include "cli/terminal/table.h"
#include "cli/terminal/times.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

constexpr std::size_t kLabel = 14;

std::string row(std::string_view label, const std::string& value) {
  if (value.empty()) return "";
  return fmt::format("{:<{}}{}\n", label, kLabel, printable(value));
}

/// "#" is no shell character inside a word, a space is: arguments are shown so that they could be typed.
std::string shell_word(const std::string& word) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+.,/:@%^";
  if (!word.empty() && word.find_first_not_of(kSafe) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

/// Lines of somebody's program, made harmless and set off from ours.
std::string indented(const std::string& block) {
  std::string text;
  for (const std::string_view line : split(block, '\n')) text += "  " + printable(line) + "\n";
  while (text.size() >= 3 && text.ends_with("\n  \n")) text.resize(text.size() - 3);
  return text;
}

std::string logs_command(const Json& run) {
  const std::string log = text_at(member(run, "error"), "log");
  return fmt::format("muster run logs {}{}{}", text_at(run, "run_id"), log.empty() ? "" : " ", printable(log));
}

/// What went wrong, and the program's own words for it.
std::string error_block(const Json& run, const Style& style, ErrorLog log = ErrorLog::not_shown) {
  const Json& error = member(run, "error");
  if (!error.is_object()) return "";
  std::string text = style.paint(printable(text_at(error, "message")), Tone::bad) + "\n";
  if (log == ErrorLog::shown) return text;
  if (const std::string traceback = text_at(error, "traceback"); !traceback.empty())
    text += "\n" + indented(traceback);
  else if (const std::string lines = text_at(error, "last_lines"); !lines.empty())
    text += "\n" + style.paint("  its log ends with", Tone::faint) + "\n" + indented(lines);
  return text;
}

std::string stages_block(const Json& run, TimeUs now) {
  std::string text;
  for (const Json& stage : member(run, "stages")) {
    const std::string took = span_text(stage, "started_at", "ended_at", now);
    if (took.empty()) continue;
    const bool going = time_at(stage, "ended_at") == 0;
    text += fmt::format("{:<{}}{:<17}{}{}\n", text.empty() ? "Stages" : "", kLabel, text_at(stage, "name"), took, going ? " so far" : "");
  }
  return text;
}

std::string distribution_text(const Json& run) {
  const Json& distribution = member(run, "distribution");
  const std::int64_t nodes = std::max<std::int64_t>(1, number_at(run, "node_count"));
  const std::string text = counted(static_cast<std::uint64_t>(nodes), "node");
  if (!distribution.is_object()) return text;
  const bool mpi = text_at(distribution, "type") == "mpi";
  const std::int64_t total = mpi ? nodes * number_at(distribution, "process_count_per_node") : number_at(distribution, "process_count");
  const std::string processes = counted(static_cast<std::uint64_t>(total == 0 ? nodes : total), "process", "processes");
  return fmt::format("{}, {} by {}", text, processes, text_at(distribution, "type"));
}

std::string nodes_block(const Json& run, std::size_t width, const Style& style) {
  const Json& nodes = member(run, "nodes");
  if (!nodes.is_array() || nodes.size() < 2) return "";
  Table table({{"NODE", Column::Align::right}, {"HOST", Column::Align::left, Column::Give::width}, {"STATUS"}});
  for (const Json& node : nodes)
    table.add({{std::to_string(number_at(node, "node_rank"))}, {text_at(node, "host")}, {text_at(node, "status")}});
  return "\n" + table.render(width, style);
}

std::string moment(const Json& run, const char* key, TimeUs now) {
  const TimeUs time = time_at(run, key);
  return time == 0 ? "" : fmt::format("{} ({})", ago(time, now), date_and_time(time));
}

}  // namespace

bool is_job(const Json& run) {
  const std::string kind = text_at(run, "kind");
  return kind.empty() || kind == "job";
}

std::string what_runs(const Json& run) {
  std::string text = text_at(run, "command");
  if (!text.empty()) return text;
  text = shell_word(text_at(run, "script"));
  for (const Json& argument : member(run, "arguments")) {
    if (argument.is_string()) text += " " + shell_word(argument.get<std::string>());
  }
  return text;
}

std::string stages_line(const Json& run, TimeUs now) {
  std::string line;
  for (const Json& stage : member(run, "stages")) {
    const std::string took = span_text(stage, "started_at", "ended_at", now);
    if (!took.empty()) line += (line.empty() ? "" : " · ") + text_at(stage, "name") + " " + took;
  }
  return line;
}

std::string run_text(const Json& run, TimeUs now, std::size_t width, const Style& style) {
  const std::string status = text_at(run, "status");
  const std::string detail = text_at(run, "status_detail");
  std::string text = style.paint(text_at(run, "run_id"), Tone::strong) + "  " + style.paint(status, tone_of_status(status)) + "\n";
  if (!detail.empty()) text += printable(detail) + "\n";
  if (const std::string error = error_block(run, style); !error.empty()) {
    text += "\n" + error;
    if (!text_at(member(run, "error"), "log").empty())
      text += fmt::format("\n  {}\n", style.paint("all of it: " + logs_command(run), Tone::faint));
  }
  for (const Json& warning : member(run, "warnings")) {
    if (warning.is_string()) text += style.paint("warning:", Tone::warning) + " " + printable(warning.get<std::string>()) + "\n";
  }
  text += "\n";
  if (text_at(run, "lifecycle") == "deleted")
    text +=
        row("Deleted", fmt::format("{}; `muster run restore {}` brings it back", moment(run, "deleted_at", now), text_at(run, "run_id")));
  text += row("Name", text_at(run, "display_name"));
  text += row("Description", text_at(run, "description"));
  const std::int64_t number = number_at(run, "number");
  text += row("Experiment", text_at(run, "experiment") + (number > 0 ? fmt::format(", run {}", number) : ""));
  if (is_job(run)) {
    text += row(text_at(run, "command").empty() ? "Script" : "Command", what_runs(run));
    text += row("Compute", text_at(run, "compute_target") + ", " + distribution_text(run));
    const Json& environment = member(run, "environment");
    const std::string version = text_at(environment, "version");
    text += row("Environment", text_at(environment, "name") + (version.empty() ? "" : " (version " + version + ")"));
  } else {
    text += row("Kind", text_at(run, "kind"));
  }
  text += row("Parent", text_at(run, "parent_run_id"));
  text += row("Snapshot", text_at(run, "snapshot_id").substr(0, 16));
  text += row("Created", moment(run, "created_at", now));
  text += row("Started", moment(run, "started_at", now));
  text += row("Ended", moment(run, "ended_at", now));
  if (number_at(run, "attempt") > 1) text += row("Attempt", std::to_string(number_at(run, "attempt")));
  text += stages_block(run, now);
  text += row("Parameters", pairs_text(member(run, "parameters")));
  text += row("Tags", pairs_text(member(run, "tags")));
  text += row("Properties", pairs_text(member(run, "properties")));
  text += nodes_block(run, width, style);
  return text;
}

std::string run_result_text(const Json& run, TimeUs now, std::size_t width, const Style& style, ErrorLog log) {
  const std::string id = text_at(run, "run_id");
  const std::string status = text_at(run, "status");
  std::string text = "\n" + style.paint(id, Tone::strong) + "  " + style.paint(status, tone_of_status(status)) + "\n";
  if (const std::string detail = text_at(run, "status_detail"); !detail.empty()) text += printable(detail) + "\n";
  for (const Json& warning : member(run, "warnings")) {
    if (warning.is_string()) text += style.paint("warning:", Tone::warning) + " " + printable(warning.get<std::string>()) + "\n";
  }
  const std::string stages = stages_line(run, now);
  if (width == 0 || display_width(stages) <= width)
    text += stages + "\n";
  else
    text += stages_block(run, now);
  if (const std::string error = error_block(run, style, log); !error.empty()) text += "\n" + error + "\n";
  if (status == "Completed")
    text += fmt::format("Next: muster run outputs {0}\n      muster run metrics {0}\n", id);
  else
    text += fmt::format("Next: muster run show {}\n      {}\n", id, logs_command(run));
  return text;
}

}  // namespace muster::cli
