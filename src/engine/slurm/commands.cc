#include "engine/slurm/commands.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "base/fd.h"
#include "base/file.h"
#include "base/own_variables.h"
#include "base/text.h"
#include "process/output.h"
#include "process/spawn.h"

namespace muster::engine::slurm {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t kMostOutput = std::size_t{64} << 20;
constexpr std::size_t kMostErrors = 2'000;
/// A script that is never run.
constexpr const char* kNothing = "#!/bin/sh\n";

constexpr std::array<std::string_view, 9> kHandedOn{"HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "TZ", "SLURM_CONF", "PATH"};

/// What a program reads as its standard input: in memory, so that nobody else can read it and nobody waits for the reader.
Result<Fd> as_file(const std::string& text) {
  Fd file(::memfd_create("muster-input", MFD_CLOEXEC));
  if (!file) return tl::unexpected(system_error("keep a job's script in memory", errno));
  MUSTER_TRY(write_all(file.get(), text));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return tl::unexpected(system_error("keep a job's script in memory", errno));
  return file;
}

/// "sbatch: error: Batch job submission failed: Invalid qos" and the lines beside it, as one.
std::string one_line(std::string_view text) {
  std::string words;
  for (std::string_view line : split(text.substr(0, kMostErrors), '\n')) {
    if (line.empty()) continue;
    words += (words.empty() ? "" : "; ") + std::string(line);
  }
  return to_utf8(words);
}

/// Of a job or a step that has ended. scancel may also complain of no error.
bool says_ended(const std::string& errors) {
  constexpr std::array<std::string_view, 4> kEnded{"Invalid job id", "already complet", "Invalid job/step", ": No error"};
  return std::any_of(kEnded.begin(), kEnded.end(), [&](std::string_view words) { return errors.find(words) != std::string::npos; });
}

}  // namespace

bool says_away(const std::string& errors) {
  constexpr std::array<std::string_view, 12> kAway{"Unable to contact slurm controller",
                                                   "Socket timed out",
                                                   "Connection refused",
                                                   "Zero Bytes were transmitted",
                                                   "munge",
                                                   "Munge",
                                                   "authentication",
                                                   "Resource temporarily unavailable",
                                                   "Slurm temporarily unable",
                                                   "Slurm backup controller in standby",
                                                   "Transport endpoint",
                                                   "Slurm is in a state"};
  return std::any_of(kAway.begin(), kAway.end(), [&](std::string_view words) { return errors.find(words) != std::string::npos; });
}

Result<std::chrono::seconds> parse_kill_wait(std::string_view config) {
  for (const std::string_view line : split(config, '\n')) {
    if (!line.starts_with("KillWait ")) continue;
    std::string_view value = line.substr(std::min(line.find('=') + 1, line.size()));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    std::int64_t seconds = 0;
    if (parse_int64(value.substr(0, value.find(' ')), seconds) && seconds >= 0) return std::chrono::seconds(seconds);
  }
  return fail(Code::malformed, "`scontrol show config` says no KillWait");
}

Commands::Commands(std::chrono::seconds deadline) : deadline_(deadline) {
  for (const auto& [name, value] : own_variables()) {
    if (std::find(kHandedOn.begin(), kHandedOn.end(), name) != kHandedOn.end()) variables_.emplace(name, value);
  }
  if (variables_["PATH"].empty()) variables_["PATH"] = process::kUsualPath;
}

Result<Commands::Output> Commands::run(const std::vector<std::string>& words, const std::string& input) {
  MUSTER_TRY_ASSIGN(process::OutputPipe pipe, process::make_output_pipe());
  MUSTER_TRY_ASSIGN(const Fd file, as_file(input));
  process::SpawnOptions options;
  options.command = words;
  options.variables = variables_;
  options.folder = "/";
  options.input = file.get();
  options.output = pipe.writing.get();
  auto child = process::spawn(options);
  if (!child && child.error().code == Code::not_found)
    return fail_hint(Code::unavailable, "install Slurm's programs on the server's machine, or put their folder on the PATH of `muster up`",
                     "Slurm's program {} is not there", words.front());
  if (!child) return tl::unexpected(child.error());
  pipe.writing.reset();
  std::string text;
  const auto keep = [&](std::string_view more) {
    if (text.size() < kMostOutput) text += more;
  };
  const auto until = steady_clock::now() + deadline_;
  const auto go_on = [&]() -> Result<void> {
    if (stopping_) return fail(Code::unavailable, "the server is ending");
    if (steady_clock::now() <= until) return {};
    return fail(Code::unavailable, "{} has not ended in {} s", words.front(), deadline_.count());
  };
  const auto ended = process::follow_output(*child, pipe.reading, keep, go_on);
  if (ended) return Output{ended->exit_code.value_or(128 + ended->signal.value_or(0)), std::move(text)};
  (void)child->signal(SIGKILL);
  (void)child->wait(10s);
  return tl::unexpected(ended.error());
}

Result<std::string> Commands::ask(const std::vector<std::string>& words, const std::string& input) {
  MUSTER_TRY_ASSIGN(Output output, run(words, input));
  if (output.status == 0) return std::move(output.text);
  std::string said = one_line(output.text);
  if (said.empty()) said = fmt::format("{} ended with {}", words.front(), output.status);
  if (says_away(said)) return fail(Code::unavailable, "Slurm does not answer: {}", said);
  return fail(Code::invalid, "{}", said);
}

Result<void> Commands::tell(const std::vector<std::string>& words) {
  const auto told = ask(words);
  if (told || (told.error().code == Code::invalid && says_ended(told.error().detail))) return {};
  return tl::unexpected(told.error());
}

Result<std::int64_t> Commands::submit(const std::vector<std::string>& words, const std::string& script) {
  MUSTER_TRY_ASSIGN(const std::string answer, ask(words, script));
  // A line "12" or "12;cluster", perhaps beside warnings.
  for (const std::string_view line : split(answer, '\n')) {
    std::int64_t job = 0;
    if (parse_int64(line.substr(0, line.find(';')), job) && job > 0) return job;
  }
  return fail(Code::internal, "sbatch answered '{}', which is no job", one_line(answer));
}

Result<void> Commands::release(std::int64_t job) {
  MUSTER_TRY(ask({"scontrol", "release", std::to_string(job)}));
  return {};
}

Result<std::vector<Job>> Commands::list(std::vector<std::string> words) {
  words.insert(words.begin(), {"squeue", "--noheader", "--all", "--states=all", fmt::format("--user={}", ::geteuid()),
                               fmt::format("--format={}", kJobFormat)});
  MUSTER_TRY_ASSIGN(const std::string text, ask(words));
  return parse_jobs(text);
}

Result<std::vector<Job>> Commands::jobs() { return list({}); }
Result<std::vector<Job>> Commands::jobs_named(const std::string& name) { return list({"--name=" + name}); }

Result<std::map<std::string, std::string>> Commands::steps(std::int64_t job) {
  const auto text = ask({"squeue", "--noheader", "--steps", fmt::format("--jobs={}", job), "--format=%i|%j"});
  std::map<std::string, std::string> steps;
  if (!text && text.error().code == Code::invalid && says_ended(text.error().detail)) return steps;
  if (!text) return tl::unexpected(text.error());
  for (const std::string_view line : split(*text, '\n')) {
    const std::size_t bar = line.find('|');
    if (bar != std::string_view::npos) steps.emplace(line.substr(bar + 1), line.substr(0, bar));
  }
  return steps;
}

Result<void> Commands::ask_to_end(std::int64_t job) {
  auto told = tell({"scancel", "--signal=TERM", std::to_string(job)});
  // It has not begun.
  if (!told && told.error().detail.find("can not be altered now") != std::string::npos) return cancel(job);
  return told;
}

Result<void> Commands::kill(std::int64_t job) {
  // A job that is canceled is asked first, and has KillWait; a step is not.
  MUSTER_TRY_ASSIGN(const auto running, steps(job));
  std::vector<std::string> ids;
  for (const auto& [name, step] : running) {
    if (name != "batch") ids.push_back(step);  // scancel does not know it by that name
  }
  MUSTER_TRY(signal_steps(ids, "KILL"));
  return cancel(job);
}

Result<void> Commands::signal_steps(const std::vector<std::string>& steps, const char* signal) {
  if (steps.empty()) return {};
  std::vector<std::string> words{"scancel", fmt::format("--signal={}", signal)};
  words.insert(words.end(), steps.begin(), steps.end());
  return tell(words);
}

Result<void> Commands::cancel(std::int64_t job) { return tell({"scancel", std::to_string(job)}); }

Result<void> Commands::test(const std::vector<std::string>& needs) {
  std::vector<std::string> words{"sbatch", "--test-only"};
  words.insert(words.end(), needs.begin(), needs.end());
  const auto tested = ask(words, kNothing);
  if (tested || tested.error().detail.find("node configuration is not available") == std::string::npos)
    return tested ? Result<void>{} : tl::unexpected(tested.error());
  // It also says so of nodes that are down for a moment. What it takes, held, it would take.
  words = {"sbatch", "--parsable", "--hold", "--output=/dev/null", "--job-name=muster-test"};
  words.insert(words.end(), needs.begin(), needs.end());
  MUSTER_TRY_ASSIGN(const std::int64_t job, submit(words, std::string(kNothing)));
  return cancel(job);
}

Result<Partition> Commands::partition(const std::string& name) {
  MUSTER_TRY_ASSIGN(const std::string text, ask({"scontrol", "show", "partition", name, "--oneliner"}));
  return parse_partition(text);
}

Result<std::vector<Partition>> Commands::partitions() {
  MUSTER_TRY_ASSIGN(const std::string text, ask({"scontrol", "show", "partition", "--oneliner"}));
  return parse_partitions(text);
}

Result<std::vector<NodeSize>> Commands::node_sizes() {
  MUSTER_TRY_ASSIGN(const std::string text, ask({"sinfo", "--noheader", "--exact", fmt::format("--format={}", kSizeFormat)}));
  return parse_node_sizes(text);
}

Result<std::chrono::seconds> Commands::kill_wait() {
  MUSTER_TRY_ASSIGN(const std::string config, ask({"scontrol", "show", "config"}));
  return parse_kill_wait(config);
}

}  // namespace muster::engine::slurm
