#include "cli/main_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "cli/commands.h"

namespace muster::cli {
namespace {

void add_commands(Command& root, Context& context) {
  add_up(root, context);
  add_down(root, context);
  add_serve(root, context);
  add_status(root, context);
  add_clean(root, context);
  add_login(root, context);
  add_whoami(root, context);
  add_ui(root, context);
  Command& token = root.noun("token", "Tokens, by which users and programs are known");
  for (const auto add : {add_token_create, add_token_list, add_token_revoke}) add(token, context);
  Command& user = root.noun("user", "Users");
  for (const auto add : {add_user_create, add_user_list, add_user_disable, add_user_enable}) add(user, context);
  add_workspace_config(root.noun("workspace", "Workspaces"), context);

  Command& run = root.noun("run", "Runs of scripts and commands");
  for (const auto add :
       {add_run_submit, add_run_list, add_run_show, add_run_logs, add_run_metrics, add_run_outputs, add_run_download, add_run_code,
        add_run_compare, add_run_machine, add_run_wait, add_run_cancel, add_run_tag, add_run_delete, add_run_restore}) {
    add(run, context);
  }
  add_experiment_list(root.noun("experiment", "Experiments"), context);
  Command& compute = root.noun("compute", "Compute targets");
  for (const auto add : {add_compute_create, add_compute_attach, add_compute_list, add_compute_show, add_compute_delete})
    add(compute, context);
  Command& model = root.noun("model", "Registered models");
  for (const auto add : {add_model_register, add_model_list, add_model_show, add_model_download}) add(model, context);
  Command& datastore = root.noun("datastore", "Data that runs get as inputs, and leave");
  for (const auto add : {add_datastore_list, add_datastore_show, add_datastore_upload, add_datastore_download}) add(datastore, context);
  Command& environment = root.noun("environment", "Environments");
  for (const auto add : {add_environment_create, add_environment_list, add_environment_show, add_environment_build, add_environment_lock,
                         add_environment_diff, add_environment_override, add_environment_prune})
    add(environment, context);
  Command& secret = root.noun("secret", "Secrets of a workspace, for jobs and environments");
  for (const auto add : {add_secret_set, add_secret_list, add_secret_delete}) add(secret, context);

  add_completion(root, context);
  add_version(root, context);
  add_runner(root);
}

/// Whether --json was asked for, when the command line as a whole could not be read.
bool asks_for_json(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--json") != end;
}

int run(const std::vector<std::string>& words) {
  Context context;
  Command root(
      "muster",
      "Muster trains models on the machines you have: it takes your script, prepares its environment, runs it, and keeps what it makes.");
  root.example("muster up");
  root.example("muster run submit --script train.py --follow -- --epochs 3");
  root.example("muster run list");
  // Engines start a runner for each node of a run: it makes no commands that nobody asks it for.
  if (!words.empty() && words.front() == "runner")
    add_runner(root);
  else
    add_commands(root, context);

  if (words == std::vector<std::string>{"--version"}) return run({"version"});
  const auto parsed = parse_command_line(root, words);
  if (!parsed) {
    context.json = asks_for_json(words);
    context.print_error(parsed.error());
    return static_cast<int>(Exit::refused);
  }
  if (parsed->wants_help || !parsed->command->action()) {
    context.out.write(help_text(*parsed->command, parsed->path, context.out.width));
    return static_cast<int>(Exit::done);
  }
  const auto exit = parsed->command->action()();
  if (exit) return static_cast<int>(*exit);
  if (context.interrupted()) return static_cast<int>(Exit::interrupted);
  context.print_error(exit.error());
  return static_cast<int>(exit_of(exit.error().code));
}

/// Gives descriptors 0 to 2 that are closed (`muster … >&-`) to something, or the first socket would get their numbers and what we print
/// would go into it. Opened the wrong way round, so that using them fails, as it should.
void hold_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

int run_program(int argc, char** argv) {
  hold_standard_descriptors();
  return run(std::vector<std::string>(argv + std::min(argc, 1), argv + argc));
}

}  // namespace muster::cli
