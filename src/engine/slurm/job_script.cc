#include "engine/slurm/job_script.h"

#include <algorithm>

#include "base/text.h"

namespace muster::engine::slurm {
namespace {

using std::chrono::seconds;

/// Of a run that says nothing else: so long that it means no limit (model/run.h), which partitions seldom give.
constexpr seconds kNoLimit{2'592'000};
/// For what comes before the ranks and after them: fetching the code, preparing the environment, bringing outputs home.
constexpr seconds kAround{1'800};
/// Between Slurm's signal that the time is nearly over and its end, beyond the ranks' own grace; Slurm may be a minute early.
constexpr seconds kToBringHome{60};
constexpr seconds kLongestWarning{65'535};

std::string shell_word(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// One step for each node, so that one can be ended without the others. How the runners end is told in the job's comment, which Slurm shows
// with the job itself: no accounting database, and no disk that the nodes share with the server, is needed for it.
constexpr std::string_view kScript = R"script(
[ "${SLURM_RESTART_COUNT:-0}" = 0 ] || exit 1  # started again by Slurm: the run starts again as another attempt, in another job
umask 077
cd /
trap : TERM  # the runners are sent it too; they have until Slurm's KillWait
trap 'time_is_near=1' USR1
own=$(mktemp -d) || exit 1
trap 'rm -rf "$own"' EXIT
[ -d "$logs" ] && [ -w "$logs" ] || logs=$own

# On each node, before its runner.
prepare='umask 077
mkdir -p -m 700 "$MUSTER_SCRATCH" && [ -O "$MUSTER_SCRATCH" ] && [ -w "$MUSTER_SCRATCH" ] ||
  { echo "$MUSTER_SCRATCH cannot be used: it must be a folder of $(id -un)" >&2; exit 1; }
[ -x "$1" ] || { echo "there is no program $1 on $(hostname)" >&2; exit 1; }
exec "$@"'

for i in "${!keys[@]}"; do
  (
    export MUSTER_NODE_KEY=${keys[i]}
    log=$logs/runner_${keys[i]}.log
    srun --nodes=1 --ntasks=1 --relative="$i" ${SLURM_CPUS_PER_TASK:+--cpus-per-task="$SLURM_CPUS_PER_TASK"} --job-name="${keys[i]}" \
      --kill-on-bad-exit=0 --input=none --open-mode=append --output="$log" --error="$log" \
      /bin/sh -c "$prepare" sh "${command[@]}" 2>"$own/srun-$i"
    status=$?
    # What it said last may be on its way yet, for seconds on a machine in heavy use.
    for _ in {1..25}; do
      words=$(tail -c 400 "$log" 2>/dev/null)
      [ "$status" != 0 ] && [ -z "$words" ] || break
      sleep 0.2
    done
    [ -n "$words" ] || words=$(tail -c 400 "$own/srun-$i")
    echo "$status" >"$own/status-$i"
    printf '%s' "$words${words:+
}" | base64 -w 0 >"$own/words-$i"
    mv "$own/status-$i" "$own/ended-$i"
  ) &
done

declare -A ended
comment=muster:
bad=0
take_ended() {
  for i in "${!keys[@]}"; do
    [ -z "${ended[$i]}" ] && [ -e "$own/ended-$i" ] || continue
    ended[$i]=$(cat "$own/ended-$i")
    comment=$comment${keys[i]}=${ended[$i]}
    if [ "${ended[$i]}" != 0 ]; then
      bad=$((bad + 1))
      [ "$bad" -gt 8 ] || comment=$comment:$(cat "$own/words-$i")
    fi
    comment=$comment,
  done
}
tell() {
  for _ in {1..60}; do
    scontrol update JobId="$SLURM_JOB_ID" Comment="$comment" 2>"$own/said" && return
    # Slurm is away, and will be back. That a job is being ended is no reason to wait.
    grep -qiE "contact|timed out|connect|temporarily" "$own/said" || return
    sleep 5
  done
}
while [ "${#ended[@]}" -lt "${#keys[@]}" ]; do
  before=${#ended[@]}
  wait -n
  waited=$?
  if [ -n "$time_is_near" ]; then
    comment=${comment}time_limit=1,
    time_is_near=
    tell
    scancel --signal=TERM "$SLURM_JOB_ID"  # the runners, not this script
  fi
  take_ended
  # That all ended well the end of the job tells.
  if [ "${#ended[@]}" != "$before" ]; then
    [ "$bad$((${#keys[@]} - ${#ended[@]}))" = 00 ] || tell
  fi
  [ "$waited" != 127 ] || break
done
[ "$bad" = 0 ]
)script";

}  // namespace

std::string node_key(int index) { return fmt::format("node-{}", index); }

std::string job_name(const AttemptId& id, const std::string& key) {
  return key.empty() ? fmt::format("{}-{}", id.run_id, id.attempt) : fmt::format("{}-{}-{}", id.run_id, id.attempt, key);
}

std::optional<seconds> job_time(const Submission& submission) {
  const seconds asked = submission.attempt.of_node.time_limit;
  std::optional<seconds> time = submission.options.time_limit;
  const auto at_most = [&](seconds limit) { time = time ? std::min(*time, limit) : limit; };
  if (asked.count() > 0 && asked < kNoLimit) at_most(asked + submission.attempt.grace + kAround);
  if (time && submission.most.count() > 0) at_most(submission.most);
  return time;
}

Result<void> check_time(const Submission& submission) {
  const seconds asked = submission.attempt.of_node.time_limit;
  if (asked.count() <= 0 || asked >= kNoLimit) return {};
  const auto refuse = [&](const std::string& who, seconds limit) {
    return fail(Code::invalid, "max_run_duration_seconds is {}, and {} gives a job at most {} s", asked.count(), who, limit.count());
  };
  if (submission.options.time_limit && asked > *submission.options.time_limit)
    return refuse(fmt::format("the compute target {} (time_limit)", submission.attempt.target.name), *submission.options.time_limit);
  if (submission.most.count() > 0 && asked > submission.most)
    return refuse(fmt::format("Slurm's partition {}", submission.options.partition), submission.most);
  return {};
}

std::vector<std::string> needs(const Options& options, const NodeResources& of_node, int node_count) {
  std::vector<std::string> words{fmt::format("--nodes={}", node_count), "--ntasks-per-node=1"};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) words.push_back(fmt::format("--{}={}", name, value));
  };
  const auto number = [](std::uint64_t value) { return value > 0 ? std::to_string(value) : ""; };
  add("partition", options.partition);
  add("account", options.account);
  add("qos", options.qos);
  add("constraint", options.constraint);
  add("reservation", options.reservation);
  add("cpus-per-task", number(static_cast<std::uint64_t>(of_node.cpus > 0 ? of_node.cpus : options.cpus)));
  add("mem", of_node.memory_mb > 0 ? fmt::format("{}M", of_node.memory_mb) : options.memory);
  const int gpus = of_node.gpus > 0 ? of_node.gpus : options.gpus;
  if (gpus > 0) add("gres", fmt::format("gpu:{}", gpus));
  words.insert(words.end(), options.extra.begin(), options.extra.end());
  return words;
}

std::vector<std::string> sbatch_words(const Submission& submission) {
  const bool is_whole = submission.host.empty();
  Options options = submission.options;
  NodeResources of_node = submission.attempt.of_node;
  if (!is_whole) {
    options.cpus = options.gpus = of_node.cpus = of_node.gpus = 0;
    options.memory.clear();
    of_node.memory_mb = 0;
  }
  const std::string name = job_name(submission.attempt.id, is_whole ? "" : submission.keys.front());
  std::vector<std::string> words{"sbatch",           "--parsable", "--hold", "--no-requeue", "--job-name=" + name, "--output=/dev/null",
                                 "--comment=muster:"};
  if (const auto time = job_time(submission)) {
    words.push_back("--time=" + time_in_minutes(*time));
    const seconds warning = std::min(submission.attempt.grace + kToBringHome, kLongestWarning);
    if (*time > 2 * warning) words.push_back(fmt::format("--signal=B:USR1@{}", warning.count()));
  }
  if (!is_whole) words.push_back("--nodelist=" + submission.host);
  const auto more = needs(options, of_node, static_cast<int>(submission.keys.size()));
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string job_script(const Submission& submission) {
  const Attempt& attempt = submission.attempt;
  std::string script = "#!/bin/bash\n# A run of Muster: " + attempt.id.run_id + "\n";
  for (const auto& [name, value] : attempt.variables) script += fmt::format("export {}={}\n", name, shell_word(value));
  script += submission.options.scratch.empty() ? "export MUSTER_SCRATCH=/tmp/muster-$(id -u)\n"
                                               : fmt::format("export MUSTER_SCRATCH={}\n", shell_word(submission.options.scratch));
  script += fmt::format("logs={}\nkeys=({})\n", shell_word(attempt.log_folder.string()), join(submission.keys, " "));
  std::vector<std::string> command = attempt.command;
  if (!submission.options.runner.empty() && !command.empty()) command.front() = submission.options.runner;
  std::transform(command.begin(), command.end(), command.begin(), shell_word);
  script += fmt::format("command=({})\n", join(command, " "));
  return script + std::string(kScript);
}

}  // namespace muster::engine::slurm
