#include "environment/build_steps.h"

#include "base/text.h"
#include "environment/command.h"

namespace muster::environment {
namespace {

constexpr std::size_t kKeptOutput = 256u << 10;

}  // namespace

BuildSteps::BuildSteps(const BuildRequest& request, std::map<std::string, std::string> variables, Wrap wrap)
    : request_(request), variables_(std::move(variables)), wrap_(std::move(wrap)) {}

Result<Outcome> BuildSteps::run(const std::vector<std::string>& words) const {
  request_.on_log(fmt::format("$ {}\n", join(words, " ")));
  return run_quietly(words, request_.on_log);
}

Result<Outcome> BuildSteps::run_quietly(const std::vector<std::string>& words,
                                        const std::function<void(std::string_view)>& on_output) const {
  Outcome outcome;
  const auto keep = [&](std::string_view text) {
    outcome.output += text;
    if (outcome.output.size() > 2 * kKeptOutput) outcome.output.erase(0, outcome.output.size() - kKeptOutput);
    if (on_output) on_output(text);
  };
  const Command command{wrap_ ? wrap_(words) : words, variables_, request_.folder.parent_path()};
  MUSTER_TRY_ASSIGN(outcome.ended, run_command(command, request_.group, request_.deadline, keep, request_.stop));
  return outcome;
}

Error unless_killed(Error error, const Outcome& outcome) {
  if (!outcome.ended.signal) return error;
  if (error.code == Code::invalid) error.code = Code::timeout;
  if (error.detail.find(process::to_words(outcome.ended)) == std::string::npos)
    error.detail += fmt::format(" (it was ended by {})", process::to_words(outcome.ended));
  return error;
}

}  // namespace muster::environment
