#include "cli/run/follow_output.h"

#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/fields.h"
#include "cli/run/log_printer.h"
#include "cli/run/run_view.h"
#include "cli/run/status_lines.h"
#include "client/follow.h"

namespace muster::cli {
namespace {

Json status_event(const Json& run) {
  return {{"event", "status"},
          {"run_id", member(run, "run_id")},
          {"status", member(run, "status")},
          {"status_detail", member(run, "status_detail")},
          {"stages", member(run, "stages")}};
}

Json log_event(Json event) {
  event["event"] = "log";
  return event;
}

}  // namespace

Result<Exit> follow_on_terminal(Context& context, client::Api& api, const std::string& run_id) {
  StatusLines statuses(context);
  bool in_line = false;
  LogOutput out(context.out);
  LogOutput aside(context.err);
  const auto print = [&](LogOutput& output, std::string_view bytes) {
    output.write(bytes);
    if (!bytes.empty()) in_line = bytes.back() != '\n';
  };
  LogPrinter logs([&](std::string_view bytes) { print(out, bytes); }, [&](std::string_view bytes) { print(aside, bytes); });
  std::set<std::string> shown;
  client::FollowHandlers handlers;
  handlers.on_status = [&](const Json& run) -> Result<void> {
    if (context.json)
      context.print_json(status_event(run));
    else
      statuses.show(run, in_line);
    return {};
  };
  handlers.on_log = [&](const client::LogPiece& piece) -> Result<void> {
    if (context.json)
      context.print_json(log_event(piece.event));
    else
      logs.print(piece.path, log_label(piece.event), piece.bytes);
    shown.insert(piece.path);
    return {};
  };
  const auto run = client::follow_run(api, run_id, handlers);
  logs.finish();
  out.finish();
  aside.finish();
  if (!run && context.interrupted()) {
    const std::string how = fmt::format("muster run cancel {}", run_id);
    context.note(fmt::format("\nNo longer following; the run goes on. To end it: {}", how));
    return Exit::interrupted;
  }
  if (!run) return tl::unexpected(run.error());
  const ErrorLog log = shown.contains(text_at(member(*run, "error"), "log")) ? ErrorLog::shown : ErrorLog::not_shown;
  context.print(*run, run_result_text(*run, context.now(), context.out.width, context.out.style, log));
  return exit_of_status(text_at(*run, "status"));
}

}  // namespace muster::cli
