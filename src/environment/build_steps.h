#pragma once
// The programs that a build runs one after the other, their output in its log.

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "environment/builder.h"
#include "process/spawn.h"

namespace muster::environment {

struct Outcome {
  process::Ended ended;
  std::string output;  ///< its end, where programs say why they failed
  bool succeeded() const { return ended.exit_code == 0; }
};

/// Of one build; what it is made with must outlive it.
class BuildSteps {
 public:
  /// What is started for a command: the command itself, unless it runs elsewhere.
  using Wrap = std::function<std::vector<std::string>(const std::vector<std::string>& words)>;
  /// `variables`: the whole environment of what is started.
  BuildSteps(const BuildRequest& request, std::map<std::string, std::string> variables, Wrap wrap = {});

  /// Runs it, with its output in the build's log. An error: it could not be started, or the build was stopped.
  Result<Outcome> run(const std::vector<std::string>& words) const;
  Result<Outcome> run_quietly(const std::vector<std::string>& words, const std::function<void(std::string_view)>& on_output = {}) const;

 private:
  const BuildRequest& request_;
  const std::map<std::string, std::string> variables_;
  const Wrap wrap_;
};

/// A program that was killed says nothing about what it was to do: it may go well at the next ask.
Error unless_killed(Error error, const Outcome& outcome);

}  // namespace muster::environment
