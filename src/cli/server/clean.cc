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
  if (blobs == 0 && bytes == 0) return "There was nothing to remove.\n";
  return fmt::format("{} is free again; {} and {} were removed.\n", human_size(bytes), counted(blobs, "file"),
                     counted(static_cast<std::uint64_t>(number_at(report, "snapshots")), "snapshot"));
}

Result<Exit> clean(Context& context) {
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  MUSTER_TRY_ASSIGN(Json report, api->post("/api/v1/housekeeping", Json::object()));
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
  Command& command =
      root.verb("clean", "Remove now what nothing refers to: files of deleted runs and models, and of uploads that were given up",
                [&context] { return clean(context); });
  context.add_common_options(command);
  command.example("muster clean");
}

}  // namespace muster::cli
