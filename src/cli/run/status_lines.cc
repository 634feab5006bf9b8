#include "cli/run/status_lines.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "cli/run/run_view.h"
#include "cli/terminal/width.h"
#include "model/run_status.h"

namespace muster::cli {

void StatusLines::show(const Json& run, bool& in_line) {
  const std::string status = text_at(run, "status");
  const std::string detail = text_at(run, "status_detail");
  const bool is_wanted = of_ == Of::all || !detail.empty();
  std::string line = is_wanted ? printable(status + (detail.empty() ? "" : ": " + detail)) : "";
  if (line == last_) return;
  last_ = std::move(line);
  const auto known = model::run_status_from_string(status);
  if (!is_wanted || (known && model::has_ended(*known))) return;  // the result says how it ended
  if (std::exchange(in_line, false)) context_.note("");
  context_.note(context_.err.style.paint("— " + last_, tone_of_status(status) == Tone::plain ? Tone::faint : tone_of_status(status)));
}

}  // namespace muster::cli
