#include "engine/local/local_engine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/log.h"
#include "base/own_variables.h"
#include "engine/local/local_node.h"
#include "engine/local/watcher.h"
#include "model/process_group_name.h"
#include "process/spawn.h"

namespace muster::engine {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kKillTime = 10s;
/// How much of a lost runner's own log is told.
constexpr std::uint64_t kLastWordsBytes = 400;

/// Runners that stand at their gate. Unless it is opened they end without having done anything.
struct Gated {
  Fd gate;  ///< its writing end
  std::vector<process::Child> children;
  std::vector<LocalNode> nodes;
};

std::filesystem::path runner_log(const Attempt& attempt, const std::string& key) {
  return attempt.log_folder / fmt::format("runner_{}.log", key);
}

Result<process::Child> start_runner(const Attempt& attempt, const GrantedNode& node, bool has_gpus, int gate) {
  MUSTER_TRY(make_folders(attempt.log_folder));
  MUSTER_TRY_ASSIGN(const Fd log, open_file(runner_log(attempt, node.name), O_WRONLY | O_CREAT | O_APPEND));
  process::SpawnOptions options;
  options.command = attempt.command;
  options.variables = own_variables();
  for (const auto& [name, value] : attempt.variables) options.variables[name] = value;
  options.variables[kNodeKeyVariable] = node.name;
  options.variables[kScratchVariable] = attempt.scratch.string();
  if (has_gpus) options.variables["CUDA_VISIBLE_DEVICES"] = node.gpus;
  options.folder = "/";
  options.output = log.get();
  options.gate = gate;
  return process::spawn(options);
}

void abandon(Gated& gated) {
  gated.gate.reset();
  for (process::Child& child : gated.children) {
    if (child.wait(kKillTime)) continue;
    if (!child.signal(SIGKILL) || !child.wait(kKillTime)) log::error("engine", "process {} does not end", child.pid());
  }
}

Result<void> check(const Attempt& attempt, const std::vector<GrantedNode>& nodes) {
  if (attempt.command.empty() || ::access(attempt.command.front().c_str(), X_OK) != 0) {
    return fail(Code::not_found, "the runner cannot be started: {} is not a program",
                attempt.command.empty() ? "''" : attempt.command.front());
  }
  for (const GrantedNode& node : nodes) {
    if (!is_node_key(node.name)) return fail(Code::invalid, "'{}' cannot be a node's name", node.name);
  }
  return {};
}

Result<void> start_gated(const Attempt& attempt, const std::vector<GrantedNode>& nodes, bool has_gpus, Gated& gated) {
  MUSTER_TRY(check(attempt, nodes));
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return tl::unexpected(system_error("make the pipe that holds the runner back", errno));
  const Fd reading(pipe[0]);
  gated.gate = Fd(pipe[1]);
  for (const GrantedNode& node : nodes) {
    MUSTER_TRY_ASSIGN(process::Child child, start_runner(attempt, node, has_gpus, reading.get()));
    const pid_t pid = child.pid();
    gated.children.push_back(std::move(child));
    MUSTER_TRY_ASSIGN(const std::int64_t start_time, process::start_time(pid));
    const std::string group = model::process_group_name(attempt.id.run_id, attempt.id.attempt, node.name);
    gated.nodes.push_back({node.name, pid, start_time, process::ProcessGroup::planned(group), runner_log(attempt, node.name).string()});
  }
  return {};
}

Gone gone(const process::Ended& ended, const std::string& log) {
  Gone how;
  how.kind = ended.exit_code ? GoneKind::exited : GoneKind::killed;
  how.words = ended.exit_code || ended.signal ? process::to_words(ended) : "gone";
  how.last_words = read_tail(log, kLastWordsBytes);
  return how;
}

std::chrono::milliseconds left_until(SteadyTime deadline) {
  return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
}

/// SIGKILL to the runner, and waits until it can start nothing more.
Result<void> kill_runner(const LocalNode& node, SteadyTime deadline) {
  const auto pidfd = hold(node);
  if (!pidfd) return pidfd.error().code == Code::not_found ? Result<void>{} : tl::unexpected(pidfd.error());
  if (::syscall(SYS_pidfd_send_signal, pidfd->get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
    return tl::unexpected(system_error(fmt::format("kill the runner of node {} (process {})", node.key, node.pid), errno));
  }
  pollfd wanted{pidfd->get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&wanted, 1, static_cast<int>(left_until(deadline).count()));
  } while (ready < 0 && errno == EINTR);
  if (ready == 1) return {};
  return fail(Code::timeout, "the runner of node {} (process {}) did not end after SIGKILL", node.key, node.pid);
}

class LocalEngine final : public Engine {
 public:
  LocalEngine(Listener listener, const LocalOptions& options, std::unique_ptr<Watcher> watcher)
      : listener_(std::move(listener)), has_gpus_(!options.gpus.empty()), pool_(options), watcher_(std::move(watcher)) {}

  NodePool* pool() override { return &pool_; }
  TargetStatus status(const TargetName& target) const override { return pool_.status(target); }

  Result<Handle> start(const Attempt& attempt, const Record& record) override {
    if (static_cast<int>(attempt.granted.size()) != attempt.node_count) {
      return fail(Code::internal, "{} nodes were granted for an attempt of {}", attempt.granted.size(), attempt.node_count);
    }
    return start_on(attempt, attempt.granted, record);
  }

  Result<Handle> restart(const Attempt& attempt, const std::string& key, const Record& record) override {
    for (const GrantedNode& node : attempt.granted) {
      if (node.name == key) return start_on(attempt, {node}, record);
    }
    return fail(Code::not_found, "the attempt has no node {}", key);
  }

  Result<void> recover(const AttemptId& id, const Handle& handle) override {
    MUSTER_TRY_ASSIGN(const std::vector<LocalNode> nodes, local_nodes_from_json(handle));
    std::vector<Fd> held;
    for (const LocalNode& node : nodes) {
      auto pidfd = hold(node);
      if (!pidfd && pidfd.error().code != Code::not_found) return tl::unexpected(pidfd.error());
      held.push_back(pidfd ? std::move(*pidfd) : Fd());
    }
    tell_there(id, nodes);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (held[i])
        watch(id, nodes[i], std::move(held[i]));
      else
        watcher_->post([this, id, node = nodes[i]] { listener_.node_gone(id, node.key, gone({}, node.log)); });
    }
    return {};
  }

  Result<void> stop(const AttemptId&, const Handle& handle, StopHow how) override {
    MUSTER_TRY_ASSIGN(std::vector<LocalNode> nodes, local_nodes_from_json(handle));
    return how == StopHow::polite ? ask(nodes) : kill(nodes);
  }

 private:
  Result<Handle> start_on(const Attempt& attempt, const std::vector<GrantedNode>& nodes, const Record& record) {
    Gated gated;
    if (auto started = start_gated(attempt, nodes, has_gpus_, gated); !started) {
      abandon(gated);
      return tl::unexpected(std::move(started).error());
    }
    Handle handle = to_json(gated.nodes);
    if (auto recorded = record(handle); !recorded) {
      abandon(gated);
      return tl::unexpected(std::move(recorded).error());
    }
    crash_point("server.engine.recorded");
    // A byte for each, in one write: all go or none.
    if (auto opened = write_all(gated.gate.get(), std::string(nodes.size(), 'g')); !opened) {
      abandon(gated);
      return tl::unexpected(std::move(opened).error());
    }
    tell_there(attempt.id, gated.nodes);
    for (std::size_t i = 0; i < gated.nodes.size(); ++i) watch(attempt.id, gated.nodes[i], gated.children[i].release());
    return handle;
  }

  void tell_there(const AttemptId& id, const std::vector<LocalNode>& nodes) {
    std::vector<Node> there;
    for (const LocalNode& node : nodes) there.push_back({node.key, node.key});
    listener_.nodes_there(id, there);
  }

  void watch(const AttemptId& id, const LocalNode& node, Fd pidfd) {
    watcher_->watch(std::move(pidfd), [this, id, key = node.key, log = node.log](const process::Ended& ended) {
      listener_.node_gone(id, key, gone(ended, log));
    });
  }

  static Result<void> ask(const std::vector<LocalNode>& nodes) {
    for (const LocalNode& node : nodes) {
      const auto pidfd = hold(node);
      if (!pidfd && pidfd.error().code == Code::not_found) continue;
      if (!pidfd) return tl::unexpected(pidfd.error());
      if (::syscall(SYS_pidfd_send_signal, pidfd->get(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
        return tl::unexpected(system_error(fmt::format("ask the runner of node {} (process {}) to stop", node.key, node.pid), errno));
      }
    }
    return {};
  }

  /// Every node is tried, whatever becomes of the others; the first fault is told.
  static Result<void> kill(std::vector<LocalNode>& nodes) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + kKillTime;
    Result<void> outcome;
    const auto note = [&](Result<void> result) {
      if (outcome && !result) outcome = std::move(result);
    };
    for (const LocalNode& node : nodes) note(kill_runner(node, deadline));
    for (LocalNode& node : nodes) {
      auto ended = node.group.kill(std::max(left_until(deadline), 100ms));
      if (ended) node.group.remove();
      note(std::move(ended));
    }
    return outcome;
  }

  const Listener listener_;
  const bool has_gpus_;
  LocalPool pool_;
  std::unique_ptr<Watcher> watcher_;  ///< last: its thread calls the listener
};

}  // namespace

std::unique_ptr<Engine> make_local_engine(Listener listener, const LocalOptions& options) {
  auto watcher = Watcher::create();
  // Without descriptors for it, the server cannot work at all.
  if (!watcher) throw std::runtime_error(watcher.error().detail);
  return std::make_unique<LocalEngine>(std::move(listener), options, std::move(*watcher));
}

EngineKind local_engine(const LocalOptions& options) {
  EngineKind kind;
  kind.kind = "local";
  kind.description = "nodes are processes on the server's machine";
  kind.make = [options](Listener listener) { return make_local_engine(std::move(listener), options); };
  return kind;
}

}  // namespace muster::engine
