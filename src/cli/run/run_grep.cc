#include "cli/run/run_grep.h"

#include <nlohmann/json.hpp>

#include "cli/fields.h"
#include "cli/run/log_printer.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

struct Searched {
  std::string path;
  std::int64_t node_rank = 0;
  std::int64_t attempt = 1;
};

/// The logs to look through: of the newest attempt, or of that one.
Result<std::vector<Searched>> logs_to_search(client::Api& api, const std::string& run_id, const std::string& file,
                                             std::optional<std::int64_t> attempt) {
  client::Query query;
  if (attempt) query.emplace_back("attempt", std::to_string(*attempt));
  MUSTER_TRY_ASSIGN(const Json answer, api.get(api.in_workspace({"runs", run_id, "logs"}), query));
  std::vector<Searched> logs;
  std::int64_t newest = 0;
  for (const Json& log : member(answer, "logs")) {
    const std::string path = text_at(log, "path");
    if (file.empty() ? log_kind(path) == LogKind::other : path != file) continue;
    logs.push_back({path, number_at(log, "node_rank"), number_at(log, "attempt")});
    newest = std::max(newest, logs.back().attempt);
  }
  std::erase_if(logs, [&](const Searched& log) { return log.attempt != newest; });
  if (logs.empty() && !file.empty()) return fail(Code::not_found, "the run {} has no log {}", run_id, file);
  return logs;
}

/// Page by page: a page ends after so much work, whatever it has found.
Result<bool> search_one(Context& context, client::Api& api, const std::string& run_id, const Searched& log, const std::string& label,
                        const GrepOptions& options) {
  bool found = false;
  Json next;
  do {
    client::Query query{{"path", log.path},
                        {"pattern", *options.pattern},
                        {"node_rank", std::to_string(log.node_rank)},
                        {"attempt", std::to_string(log.attempt)},
                        {"limit", "1000"}};
    if (options.literal) query.emplace_back("literal", "true");
    if (options.ignore_case) query.emplace_back("ignore_case", "true");
    if (options.context) query.emplace_back("context", std::to_string(*options.context));
    if (next.is_string()) query.emplace_back("cursor", next.get<std::string>());
    MUSTER_TRY_ASSIGN(const Json page, api.get(api.in_workspace({"runs", run_id, "log-search"}), query));
    std::string text;
    for (const Json& match : member(page, "matches")) {
      if (context.json) {
        Json shown = match;
        shown["path"] = log.path;
        shown["node_rank"] = log.node_rank;
        shown["attempt"] = log.attempt;
        context.print_json(shown);
      } else {
        if (found && options.context.value_or(0) > 0) text += "--\n";
        text += match_text(match, label, context.out.style);
      }
      found = true;
    }
    context.out.write(text);
    next = member(page, "next");
  } while (next.is_string() && !context.interrupted());
  return found;
}

}  // namespace

std::string match_text(const Json& match, const std::string& label, const Style& style) {
  const std::int64_t line = number_at(match, "line");
  const Json& before = member(match, "before");
  std::string text;
  const auto around = [&](const Json& lines, std::int64_t number) {
    for (const Json& one : lines)
      text += fmt::format("{}{}-{}\n", label, number++, printable(one.is_string() ? one.get<std::string>() : ""));
  };
  around(before, line - static_cast<std::int64_t>(before.size()));
  std::string parts[3];
  const Json& shown = member(match, "parts");
  for (std::size_t i = 0; i < 3 && i < shown.size(); ++i) parts[i] = printable(shown[i].is_string() ? shown[i].get<std::string>() : "");
  text += fmt::format("{}{}:{}{}{}\n", label, line, parts[0], style.paint(parts[1], Tone::strong), parts[2]);
  around(member(match, "after"), line + 1);
  return text;
}

Result<Exit> grep_logs(Context& context, client::Api& api, const std::string& run_id, const std::string& file,
                       std::optional<std::int64_t> attempt, const GrepOptions& options) {
  MUSTER_TRY_ASSIGN(const std::vector<Searched> logs, logs_to_search(api, run_id, file, attempt));
  bool found = false;
  for (const Searched& log : logs) {
    const std::string label = logs.size() > 1 ? printable(log.path) + ":" : "";
    MUSTER_TRY_ASSIGN(const bool here, search_one(context, api, run_id, log, label, options));
    found = found || here;
  }
  if (!found) context.note(logs.empty() ? "The run has written nothing yet." : "No line holds for the pattern.");
  return context.interrupted() ? Exit::interrupted : Exit::done;
}

}  // namespace muster::cli
