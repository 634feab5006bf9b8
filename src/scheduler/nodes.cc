// The nodes of an attempt: started, stopped, killed, salvaged, and what is left of them.

#include <fmt/format.h>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/log.h"
#include "base/own_variables.h"
#include "model/node_folder_name.h"
#include "scheduler/scheduler_impl.h"
#include "store/run_attempts.h"

namespace muster::scheduler {
namespace {

/// For a polite stop beyond the ranks' own grace, before everything of the attempt is killed.
constexpr std::chrono::seconds kStopMargin{20};
/// Between two tries to start nodes that could not be.
constexpr std::chrono::milliseconds kStartAgain{2000};
constexpr int kMostKills = 3;
/// How much of a lost runner's own log is shown.
constexpr std::size_t kLastWordsBytes = 400;

/// Of a start: the machine is short of something that comes back.
bool passes(Code code) { return code == Code::unavailable || code == Code::disk_full || code == Code::storage_failed; }

}  // namespace

std::filesystem::path SchedulerImpl::attempt_folder(const std::string& run_id, int attempt) const {
  return options_.home / "runs" / run_id / std::to_string(attempt);
}

engine::NodeStart SchedulerImpl::node_start(const model::Run& run, int node_rank, bool salvage) const {
  const std::filesystem::path folder = attempt_folder(run.run_id, run.attempt);
  engine::NodeStart node;
  node.node_rank = node_rank;
  node.node_id = run.nodes.at(static_cast<std::size_t>(node_rank)).host;
  node.command = {options_.runner_binary.string(),
                  "runner",
                  "--run",
                  run.run_id,
                  "--attempt",
                  std::to_string(run.attempt),
                  "--node",
                  std::to_string(node_rank),
                  "--folder",
                  (folder / model::node_folder_name(node_rank)).string(),
                  "--url",
                  options_.url};
  if (salvage) node.command.emplace_back("--salvage");
  for (const int port : run.taken_ports) node.command.insert(node.command.end(), {"--avoid-port", std::to_string(port)});
  node.variables = own_variables();
  node.variables["MUSTER_HOME"] = options_.home.string();
  node.variables["MUSTER_NODE_ID"] = node.node_id;
  if (!options_.gpus.empty() && targets_.engine(target_of(run)) == "local") {
    node.variables["CUDA_VISIBLE_DEVICES"] = run.nodes.at(static_cast<std::size_t>(node_rank)).gpus;
  }
  node.variables["MUSTER_RUNNER_TOKEN"] = tokens_.token(TokenHolder::runner, run.run_id, run.attempt);
  node.variables["MUSTER_RUNNER_PROOF_KEY"] = tokens_.proof_key(run.run_id, run.attempt);
  node.log = folder / fmt::format("runner_{}.log", node_rank);
  return node;
}

void SchedulerImpl::start_nodes(const model::Run& run) {
  const auto start = [&]() -> Result<void> {
    MUSTER_TRY(make_folders(attempt_folder(run.run_id, run.attempt)));
    std::vector<engine::NodeStart> nodes;
    for (const model::RunNode& node : run.nodes) nodes.push_back(node_start(run, node.node_rank, false));
    const auto record = [&](const engine::Handle& handle) {
      return store_.write([&](store::Session& session) -> Result<void> {
        store::run_attempts::set_handle(session, run.key, run.attempt, handle);
        return {};
      });
    };
    MUSTER_TRY(engine_->start({run.run_id, run.attempt}, nodes, record));
    return {};
  };
  const Result<void> done = start();
  if (!done && passes(done.error().code)) return put_off_start(run, done.error().detail);
  if (!done) {
    apply_until_stored(run.key, run.attempt, AttemptFailed{{"start_failed", done.error().detail, {}, {}, {}, "", "", ""}});
    return;
  }
  watch_start(run.run_id, run.attempt);
  const auto look_again = [this, run] {
    const auto now = active(run.run_id);
    if (!now || now->attempt != run.attempt) {
      std::vector<int> nodes;
      for (const model::RunNode& node : run.nodes) nodes.push_back(node.node_rank);
      return kill_nodes(run, nodes);  // it was ended while the engine was starting it
    }
    // A cancel may have come while the engine was starting, when there was nothing yet to stop.
    if (stop_reason(*now)) stop_nodes(*now, engine::StopHow::polite);
  };
  look_again();
  apply_until_stored(run.key, run.attempt, EngineStarted{});
}

/// Processes, descriptors and memory come back, and so does the disk: the run keeps its nodes and is tried again.
void SchedulerImpl::put_off_start(const model::Run& run, const std::string& why) {
  const auto told = apply(run.key, run.attempt, StartPutOff{why});
  if (!told || told->changed) log::warning("scheduler", "{} cannot be started now: {}", run.run_id, why);
  thread_.post_after(kStartAgain, [this, id = run.run_id, attempt = run.attempt] {
    const auto now = active(id);
    if (!now || now->attempt != attempt || now->nodes.empty()) return;
    if (!stop_reason(*now)) return start_nodes(*now);
    for (const model::RunNode& node : now->nodes) node_gone({id, attempt}, node.node_rank, "it was never started");
  });
}

void SchedulerImpl::salvage_node(const model::Run& run, int node_rank) {
  const engine::AttemptId id{run.run_id, run.attempt};
  const auto record = [&](const engine::Handle& handle) {
    return store_.write([&](store::Session& session) -> Result<void> {
      Json all = store::run_attempts::handle(session, run.key, run.attempt).value_or(Json::object());
      all.update(handle);
      store::run_attempts::set_handle(session, run.key, run.attempt, all);
      return {};
    });
  };
  const auto started = engine_->start(id, {node_start(run, node_rank, true)}, record);
  if (started) return;
  if (passes(started.error().code)) {
    thread_.post_after(kStartAgain, [this, run_id = run.run_id, attempt = run.attempt, node_rank] {
      const auto now = active(run_id);
      if (now && now->attempt == attempt) salvage_node(*now, node_rank);
    });
    return;
  }
  log::error("scheduler", "{}: node {} could not be salvaged: {}", run.run_id, node_rank, started.error().detail);
  thread_.post_after(std::chrono::seconds(2), [this, id, node_rank, why = started.error().detail] { node_gone(id, node_rank, why); });
}

void SchedulerImpl::stop_nodes(const model::Run& run, engine::StopHow how) {
  const auto now = active(run.run_id);
  if (!now || now->attempt != run.attempt) return;
  const auto handle = store_.read(
      [&](store::Session& session) -> Result<std::optional<Json>> { return store::run_attempts::handle(session, run.key, run.attempt); });
  if (handle && !*handle) return;  // nothing was started yet; start_nodes looks again when it has
  const auto stopped = handle ? engine_->stop({run.run_id, run.attempt}, **handle, how) : Result<void>(tl::unexpected(handle.error()));
  if (!stopped) log::error("scheduler", "stopping {}: {}", run.run_id, stopped.error().detail);
  const auto patience = std::chrono::seconds(run.spec.grace_seconds) + kStopMargin;
  thread_.post_after(patience, [this, run] {
    const auto late = active(run.run_id);
    if (!late || late->attempt != run.attempt) return;
    std::vector<int> nodes;
    for (const model::RunNode& node : late->nodes) {
      if (node.status == "Starting" || node.status == "Running") nodes.push_back(node.node_rank);
    }
    if (nodes.empty()) return;
    log::warning("scheduler", "{}: the ranks of {} nodes did not end in time; killing them", run.run_id, nodes.size());
    kill_nodes(*late, nodes);
  });
}

void SchedulerImpl::kill_nodes(const model::Run& run, const std::vector<int>& node_ranks, std::function<void()> then, int tries) {
  kill_thread_.post([this, run, node_ranks, then = std::move(then), tries] {
    const engine::AttemptId id{run.run_id, run.attempt};
    const auto handle = store_.read(
        [&](store::Session& session) -> Result<std::optional<Json>> { return store::run_attempts::handle(session, run.key, id.attempt); });
    engine::Handle wanted = Json::object();
    for (const int rank : node_ranks) {
      const std::string name = std::to_string(rank);
      if (handle && *handle && (*handle)->contains(name)) wanted[name] = (**handle)[name];
    }
    const auto killed = handle ? engine_->stop(id, wanted, engine::StopHow::kill) : Result<void>(tl::unexpected(handle.error()));
    if (!killed) log::error("scheduler", "killing {}: {}", id.run_id, killed.error().detail);
    // What follows counts on nothing being left. A process that no kill reaches (in the kernel, for a device) is waited for so long and no
    // longer.
    if (!killed && (!handle || tries < kMostKills)) {
      kill_thread_.post_after(kStartAgain, [this, run, node_ranks, then, tries] { kill_nodes(run, node_ranks, then, tries + 1); });
      return;
    }
    if (then) thread_.post(then);
  });
}

/// What is not brought home stays: a server that starts removes no folder with this mark.
void SchedulerImpl::keep_folders(const model::Run& run) const {
  for (const model::RunNode& node : run.nodes) {
    const std::filesystem::path own = attempt_folder(run.run_id, run.attempt) / model::node_folder_name(node.node_rank) / ".muster";
    std::error_code error;
    if (!std::filesystem::is_directory(own, error)) continue;
    const auto marked = write_file(own / "kept", "", 0644, Durable::yes);
    if (!marked) log::warning("scheduler", "{}", marked.error().detail);
  }
}

void SchedulerImpl::node_gone(const engine::AttemptId& id, int node_rank, const std::string& how) {
  const auto run = active(id.run_id);
  if (!run || run->attempt != id.attempt) {
    remove_scratch(id);
    return;
  }
  std::string last_words;
  if (auto text = read_file(attempt_folder(id.run_id, id.attempt) / fmt::format("runner_{}.log", node_rank))) {
    last_words = text->size() > kLastWordsBytes ? text->substr(text->size() - kLastWordsBytes) : *text;
  }
  const auto told = apply(NodeId{id.run_id, id.attempt, node_rank}, NodeGone{node_rank, how, last_words});
  if (told) return;
  log::error("scheduler", "{}: node {} is gone ({}): {}", id.run_id, node_rank, how, told.error().detail);
  thread_.post_after(std::chrono::seconds(2), [this, id, node_rank, how] { node_gone(id, node_rank, how); });
}

void SchedulerImpl::remove_scratch(const engine::AttemptId& id) const {
  // A node's folder that is still there holds what could not be collected: then all of it stays.
  const std::filesystem::path folder = attempt_folder(id.run_id, id.attempt);
  const auto names = list_folder(folder);
  if (!names && names.error().code != Code::not_found) return log::warning("scheduler", "{}", names.error().detail);
  std::error_code error;
  for (const std::string& name : names.value_or(std::vector<std::string>{})) {
    const auto type = std::filesystem::symlink_status(folder / name, error).type();
    if (type == std::filesystem::file_type::directory || type == std::filesystem::file_type::none) return;
  }
  const auto removed = remove_tree(folder);
  if (!removed) log::warning("scheduler", "{}", removed.error().detail);
  std::filesystem::remove(folder.parent_path(), error);  // only when no other attempt is left in it
}

}  // namespace muster::scheduler
