#include "environment/command.h"

#include "base/text.h"
#include "process/output.h"

namespace muster::environment {

Result<process::Ended> run_command(const Command& command, const process::ProcessGroup& group,
                                   std::chrono::steady_clock::time_point deadline, const std::function<void(std::string_view)>& on_output,
                                   const std::function<Result<void>()>& stop) {
  MUSTER_TRY_ASSIGN(process::OutputPipe pipe, process::make_output_pipe());
  process::SpawnOptions options;
  options.command = command.words;
  options.variables = command.variables;
  for (const auto& [name, value] : group.variables()) options.variables[name] = value;
  options.folder = command.folder;
  options.output = pipe.writing.get();
  options.cgroups = group.cgroups();
  MUSTER_TRY_ASSIGN(process::Child child, process::spawn(options));
  pipe.writing.reset();

  const auto go_on = [&]() -> Result<void> {
    MUSTER_TRY(stop());
    if (std::chrono::steady_clock::now() > deadline) return fail(Code::timeout, "{} did not end in time", join(command.words, " "));
    return {};
  };
  auto ended = process::follow_output(child, pipe.reading, on_output, go_on);
  if (ended) return ended;
  MUSTER_TRY(group.kill(process::kKillDeadline));
  // Its memory is the kernel's until it is reaped.
  MUSTER_TRY(child.wait(process::kKillDeadline));
  return ended;
}

}  // namespace muster::environment
