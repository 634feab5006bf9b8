#include "engine/local/local_engine.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/local/local_node.h"
#include "engine/local/watcher.h"
#include "model/process_group_name.h"
#include "process/spawn.h"

namespace muster::engine {
namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto kKillTime = 10s;

/// Runners that stand at their gate. Unless it is opened they end without having done anything.
struct Gated {
  Fd gate;  ///< its writing end
  std::vector<process::Child> children;
  std::vector<LocalNode> nodes;
};

Result<void> check(const NodeStart& node) {
  if (node.command.empty() || ::access(node.command.front().c_str(), X_OK) != 0) {
    return fail(Code::not_found, "the runner of node {} cannot be started: {} is not a program", node.node_rank,
                node.command.empty() ? "''" : node.command.front());
  }
  return {};
}

Result<process::Child> start_runner(const NodeStart& node, int gate) {
  MUSTER_TRY(make_folders(node.log.parent_path()));
  MUSTER_TRY_ASSIGN(const Fd log, open_file(node.log, O_WRONLY | O_CREAT | O_APPEND));
  process::SpawnOptions options;
  options.command = node.command;
  options.variables = node.variables;
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

Result<void> start_gated(const AttemptId& id, const std::vector<NodeStart>& nodes, Gated& gated) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return tl::unexpected(system_error("make the pipe that holds the runner back", errno));
  const Fd reading(pipe[0]);
  gated.gate = Fd(pipe[1]);
  for (const NodeStart& node : nodes) {
    MUSTER_TRY(check(node));
    MUSTER_TRY_ASSIGN(process::Child child, start_runner(node, reading.get()));
    const pid_t pid = child.pid();
    gated.children.push_back(std::move(child));
    MUSTER_TRY_ASSIGN(const std::int64_t start_time, process::start_time(pid));
    const std::string group = model::process_group_name(id.run_id, id.attempt, node.node_rank);
    gated.nodes.push_back({node.node_rank, pid, start_time, process::ProcessGroup::planned(group)});
  }
  return {};
}

std::chrono::milliseconds left_until(SteadyTime deadline) {
  return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()));
}

/// SIGKILL to the runner, and waits until it can start nothing more.
Result<void> kill_runner(const LocalNode& node, SteadyTime deadline) {
  const auto pidfd = hold(node);
  if (!pidfd) return pidfd.error().code == Code::not_found ? Result<void>{} : tl::unexpected(pidfd.error());
  if (::syscall(SYS_pidfd_send_signal, pidfd->get(), SIGKILL, nullptr, 0) != 0 && errno != ESRCH) {
    return tl::unexpected(system_error(fmt::format("kill the runner of node {} (process {})", node.node_rank, node.pid), errno));
  }
  pollfd wanted{pidfd->get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&wanted, 1, static_cast<int>(left_until(deadline).count()));
  } while (ready < 0 && errno == EINTR);
  if (ready == 1) return {};
  return fail(Code::timeout, "the runner of node {} (process {}) did not end after SIGKILL", node.node_rank, node.pid);
}

class LocalEngine final : public Engine {
 public:
  LocalEngine(Listener listener, std::unique_ptr<Watcher> watcher) : listener_(std::move(listener)), watcher_(std::move(watcher)) {}

  Result<Handle> start(const AttemptId& id, const std::vector<NodeStart>& nodes,
                       const std::function<Result<void>(const Handle&)>& record) override {
    Gated gated;
    if (auto started = start_gated(id, nodes, gated); !started) {
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
    for (std::size_t i = 0; i < gated.nodes.size(); ++i) watch(id, gated.nodes[i].node_rank, gated.children[i].release());
    return handle;
  }

  Result<void> recover(const AttemptId& id, const Handle& handle) override {
    MUSTER_TRY_ASSIGN(const std::vector<LocalNode> nodes, local_nodes_from_json(handle));
    std::vector<Fd> held;
    for (const LocalNode& node : nodes) {
      auto pidfd = hold(node);
      if (!pidfd && pidfd.error().code != Code::not_found) return tl::unexpected(pidfd.error());
      held.push_back(pidfd ? std::move(*pidfd) : Fd());
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const int node_rank = nodes[i].node_rank;
      if (held[i])
        watch(id, node_rank, std::move(held[i]));
      else
        watcher_->post([this, id, node_rank] { listener_.node_gone(id, node_rank, "gone"); });
    }
    return {};
  }

  Result<void> stop(const AttemptId&, const Handle& handle, StopHow how) override {
    MUSTER_TRY_ASSIGN(std::vector<LocalNode> nodes, local_nodes_from_json(handle));
    return how == StopHow::polite ? ask(nodes) : kill(nodes);
  }

 private:
  void watch(const AttemptId& id, int node_rank, Fd pidfd) {
    watcher_->watch(std::move(pidfd), [this, id, node_rank](const std::string& how) { listener_.node_gone(id, node_rank, how); });
  }

  static Result<void> ask(const std::vector<LocalNode>& nodes) {
    for (const LocalNode& node : nodes) {
      const auto pidfd = hold(node);
      if (!pidfd && pidfd.error().code == Code::not_found) continue;
      if (!pidfd) return tl::unexpected(pidfd.error());
      if (::syscall(SYS_pidfd_send_signal, pidfd->get(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
        return tl::unexpected(system_error(fmt::format("ask the runner of node {} (process {}) to stop", node.node_rank, node.pid), errno));
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

  Listener listener_;
  std::unique_ptr<Watcher> watcher_;  ///< last: its thread calls the listener
};

}  // namespace

std::unique_ptr<Engine> make_local_engine(Listener listener) {
  auto watcher = Watcher::create();
  // Without descriptors for it, the server cannot work at all.
  if (!watcher) throw std::runtime_error(watcher.error().detail);
  return std::make_unique<LocalEngine>(std::move(listener), std::move(*watcher));
}

EngineKind local_engine() {
  EngineKind kind;
  kind.kind = "local";
  kind.description = "nodes are processes on the server's machine";
  kind.make = make_local_engine;
  return kind;
}

}  // namespace muster::engine
