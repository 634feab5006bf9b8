#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/fields.h"
#include "client/retry.h"

namespace muster::cli {
namespace {

constexpr std::chrono::milliseconds kBetweenLooks(200);
constexpr std::chrono::seconds kQuiet(1);

/// What was removed, in one sentence.
std::string removed_text(const Json& report) {
  const auto blobs = static_cast<std::uint64_t>(number_at(report, "blobs"));
  const auto bytes = static_cast<std::uint64_t>(number_at(report, "blob_bytes") + number_at(report, "database_bytes"));
  const auto runs = static_cast<std::uint64_t>(number_at(report, "runs"));
  if (runs == 0 && blobs == 0 && bytes == 0) return "There was nothing to remove.\n";
  return fmt::format("{} is free again; {}, {} and {} were removed.\n", human_size(bytes), counted(runs, "deleted run"),
                     counted(static_cast<std::uint64_t>(number_at(report, "snapshots")), "snapshot"), counted(blobs, "file"));
}

Result<Exit> clean(Context& context, bool deleted) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(Json report, api->post("/api/v1/housekeeping", {{"deleted_runs", deleted}}));
  const auto begun = std::chrono::steady_clock::now();
  for (bool said = false; report.value("running", false);) {
    if (!said && std::chrono::steady_clock::now() - begun > kQuiet) {
      context.note("Looking for what nothing refers to; the server goes on with it when you stop waiting (Ctrl-C).");
      said = true;
    }
    client::sleep_for(kBetweenLooks, context.stop_token());
    if (context.interrupted()) return Exit::interrupted;
    MUSTER_TRY_ASSIGN(report, api->get("/api/v1/housekeeping"));
  }
  if (const std::string fault = text_at(report, "fault"); !fault.empty())
    return fail_hint(Code::internal, "mend that and run `muster clean` again", "the server stopped removing early: {}", fault);
  context.print(report, removed_text(report));
  return Exit::done;
}

}  // namespace

void add_clean(Command& root, Context& context) {
  auto deleted = std::make_shared<bool>(false);
  Command& command =
      root.verb("clean", "Remove now what nothing refers to: files of removed runs and models, and of uploads that were given up",
                [&context, deleted] { return clean(context, *deleted); });
  command.flag("--deleted", *deleted, "also the runs that were deleted and could still be restored");
  context.add_common_options(command);
  command.example("muster clean");
  command.example("muster clean --deleted");
}

}  // namespace muster::cli
