#include "store/run_parameters.h"

#include <cmath>

#include "base/text.h"
#include "model/checks.h"

namespace muster::store::run_parameters {
namespace {

/// The finite number that all of the text is; NULL for any other text.
Value number_of(std::string_view text) {
  double number = 0;
  return parse_double(text, number) && std::isfinite(number) ? Value(number) : Value(nullptr);
}

}  // namespace

std::map<std::string, std::string> read(Session& session, std::int64_t run_key) {
  std::map<std::string, std::string> parameters;
  session.query("SELECT name, value FROM run_parameters WHERE run_key = ? ORDER BY name", {run_key},
                [&](const Row& row) { parameters.emplace_hint(parameters.end(), row.text(0), row.text(1)); });
  return parameters;
}

Result<bool> set(Session& session, std::int64_t run_key, const std::map<std::string, std::string>& parameters) {
  const auto present = read(session, run_key);
  std::size_t count = present.size();
  for (const auto& [name, value] : parameters) {
    const auto at = present.find(name);
    if (at == present.end()) {
      ++count;
      session.run(
          "INSERT INTO run_parameters (run_key, name, value, number, workspace_key, experiment_key) SELECT key, ?, ?, ?, workspace_key, "
          "experiment_key FROM runs WHERE key = ?",
          {name, value, number_of(value), run_key});
    } else if (at->second != value) {
      return fail_hint(Code::conflict, "parameters are set once: start another run, or use a tag for what changes",
                       "the parameter `{}` is `{}` already and cannot become `{}`", name, at->second.substr(0, 200), value.substr(0, 200));
    }
  }
  if (count > model::kMostParameters) {
    return fail_hint(Code::invalid, "write what is many into a file of outputs/",
                     "run: a run may have at most {} parameters, and would have {}", model::kMostParameters, count);
  }
  return count != present.size();
}

}  // namespace muster::store::run_parameters
