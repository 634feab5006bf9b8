#include <cstdlib>
#include <future>

#include <nlohmann/json.hpp>

#include "base/plural.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/environment/reference.h"
#include "cli/fields.h"
#include "cli/run/follow_output.h"
#include "cli/run/job_file.h"
#include "cli/run/run_view.h"
#include "cli/run/submission.h"
#include "cli/terminal/width.h"
#include "client/git/git_properties.h"
#include "client/snapshot/snapshot.h"

namespace muster::cli {
namespace {

Result<client::Snapshot> send_source(Context& context, client::Api& api, const std::filesystem::path& folder) {
  client::SnapshotOptions sending;
  sending.folder = folder;
  sending.cache_folder = client::default_cache_folder();
  MUSTER_TRY_ASSIGN(sending.limits, client::snapshot_limits(std::getenv("MUSTER_SNAPSHOT_LIMIT_MB")));
  Progress progress(context.err, context.progress());
  sending.on_progress = [&](const client::SnapshotProgress& at) {
    progress.update(at.step == client::SnapshotProgress::Step::hashing ? "Hashing" : "Uploading", at.bytes, at.bytes_total);
  };
  return client::send_snapshot(api, sending);
}

/// The definition of --environment NAME[:VERSION] as it stands on the server, that of --python and --pip, or the job file's own.
Result<Json> environment_for(client::Api& api, const SubmitOptions& options, const Json& of_file, const std::string& experiment) {
  if (!options.environment) {
    const Json typed = environment_of(options, experiment);
    if (!typed.is_null() || of_file.is_null()) return typed;
    Json definition = of_file;
    definition.emplace("name", experiment);
    return definition;
  }
  if (options.python || !options.pip.empty()) {
    return fail_hint(Code::invalid, "name a registered environment, or describe one by --python and --pip",
                     "--environment cannot go with --python or --pip");
  }
  const EnvironmentReference named = environment_reference(*options.environment);
  MUSTER_TRY_ASSIGN(const Json found, api.get(api.in_workspace({"environments", named.name}), named.query()));
  return member(found, "definition");
}

Result<Exit> run_submit(Context& context, const SubmitOptions& typed) {
  std::error_code error;
  const std::filesystem::path here = std::filesystem::current_path(error);
  if (error) return fail(Code::invalid, "the current folder is gone: {}", error.message());
  JobFile job;
  if (typed.file) {
    MUSTER_TRY_ASSIGN(job, read_job_file(*typed.file));
  }
  const SubmitOptions options = typed_over(typed, std::move(job.options));
  MUSTER_TRY_ASSIGN(const Source source, find_source(options, here));
  const std::string experiment = options.experiment.value_or(experiment_of_folder(source.folder));
  // What can be refused is refused before anything is sent.
  MUSTER_TRY(run_request(options, experiment, source.script, "", nullptr));
  MUSTER_TRY_ASSIGN(const auto api, context.connect());
  // Beside the hashing: git looks at the same files.
  auto git = std::async(std::launch::async, [&] { return client::ask_git(source.folder); });
  MUSTER_TRY_ASSIGN(const Json environment, environment_for(*api, options, job.environment, experiment));
  MUSTER_TRY_ASSIGN(const client::Snapshot snapshot, send_source(context, *api, source.folder));
  MUSTER_TRY_ASSIGN(Json request, run_request(options, experiment, source.script, snapshot.snapshot_id, environment));
  for (auto& [name, value] : client::git_properties(git.get())) request["properties"].emplace(name, value);
  MUSTER_TRY_ASSIGN(const Json run, api->create_resource(api->in_workspace({"runs"}), request));

  const std::string id = text_at(run, "run_id");
  for (const Json& warning : member(run, "warnings")) {
    if (warning.is_string()) context.note(context.err.style.paint("warning:", Tone::warning) + " " + printable(warning.get<std::string>()));
  }
  if (!options.follow) {
    context.print(run, fmt::format("{}  {}\nNext: muster run logs {} -f\n", id, text_at(run, "status"), id));
    return Exit::done;
  }
  context.note(fmt::format("{}  {} ({}, {})", context.err.style.paint(id, Tone::strong), what_runs(run),
                           counted(snapshot.file_count, "file"), human_size(snapshot.size)));
  return follow_on_terminal(context, *api, id);
}

}  // namespace

void add_run_submit(Command& run, Context& context) {
  auto options = std::make_shared<SubmitOptions>();
  Command& command = run.verb("submit", "Run a script or a command: its folder is sent, its environment prepared, its output kept",
                              [&context, options] { return run_submit(context, *options); });
  command.option("-f,--file", "FILE", options->file,
                 "a job file: Azure ML's command job (YAML), or a .runconfig of its SDK v1; what else is typed goes before it");
  command.option("--script", "FILE", options->script, "the script, run by the environment's Python; what follows -- are its arguments");
  command.option("--command", "TEXT", options->command, "a shell command line instead, for any program");
  command.option("--source-directory", "DIR", options->source_directory,
                 "the folder that is sent (else the script's; for a command the current one)");
  command.option("--experiment", "NAME", options->experiment, "the experiment it belongs to (else named after the folder)");
  command.option("--run-id", "ID", options->run_id, "the run's id, which no other run has (else made of the experiment and the time)");
  command.option("--name", "NAME", options->name, "a display name");
  command.option("--description", "TEXT", options->description, "what it is for");
  command.option("--compute", "NAME", options->compute, "the compute target (local when not given)");
  command.option("--environment", "NAME", options->environment, "a registered environment: NAME, or NAME:VERSION");
  command.option("--python", "PATH", options->python, "the Python to use (else python3 on the server's PATH)");
  command.option("--pip", "PACKAGE", options->pip, "a package to install into a virtual environment, like pillow==9.4.0");
  command.option("--env", "K=V", options->variables, "a variable for the script");
  command.option("--tag", "K[=V]", options->tags, "a tag");
  command.option("--nodes", "N", options->nodes, "how many nodes (1)");
  command.option("--processes", "N", options->processes, "how many processes, over all nodes together");
  command.flag("--mpi", options->mpi, "start them by mpirun");
  command.option("--max-duration", "T", options->max_duration, "cancel it after this time, like 90s, 15m, 2h, 7d (30d)");
  command.option("--max-retries", "N", options->max_retries, "how many times it is started again after a failure (0)");
  command.option("--grace", "T", options->grace, "the time between SIGTERM and SIGKILL (15s)");
  command.option("--priority", "P", options->priority, "any whole number; higher ones go first (0)");
  command.flag("--follow", options->follow, "print what it writes until it ends; Ctrl-C does not end it");
  command.after_dashes("ARG", options->arguments, "arguments of the script");
  context.add_common_options(command);
  command.example("muster run submit --script train.py --follow -- --epochs 3");
  command.example("muster run submit --script train.py --compute gpus --nodes 2 --processes 4");
  command.example("muster run submit -f job.yml --compute gpus");
  command.example("muster run submit --command './simulate --seed 7' --tag kind=simulation");
}

}  // namespace muster::cli
