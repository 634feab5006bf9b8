#include "launch/plan.h"

#include "base/text.h"

namespace muster::launch {
namespace {

using Variables = std::map<std::string, std::string>;
using model::Distribution;

constexpr std::string_view kLogFolder = "azureml-logs/70_driver_log";

Result<void> check(const LaunchInput& input) {
  if (input.script.empty() == input.command.empty()) return fail(Code::invalid, "a launch needs a script or a command, and not both");
  if (input.node_count < 1 || input.node_rank < 0 || input.node_rank >= input.node_count) {
    return fail(Code::invalid, "node rank {} is not one of {} nodes", input.node_rank, input.node_count);
  }
  if (!input.distribution) {
    if (input.node_count > 1) return fail(Code::invalid, "{} nodes need a distribution", input.node_count);
    return {};
  }
  if (input.addresses.size() != static_cast<std::size_t>(input.node_count)) {
    return fail(Code::invalid, "there are {} addresses for {} nodes", input.addresses.size(), input.node_count);
  }
  if (input.master_address.empty() || input.master_port < 1 || input.master_port > 65535) {
    return fail(Code::invalid, "a distribution needs a master address and port");
  }
  const int total = input.distribution->process_count.value_or(input.node_count);
  if (total < 1 || total % input.node_count != 0) {
    return fail(Code::invalid, "process_count ({}) must be a multiple of node_count ({})", total, input.node_count);
  }
  if (input.distribution->process_count_per_node < 1) return fail(Code::invalid, "process_count_per_node must be at least 1");
  return {};
}

/// argv with its variables, before this rank's own are put in.
std::vector<std::string> command_of(const LaunchInput& input) {
  std::vector<std::string> command = input.prefix;
  if (!input.command.empty()) {
    command.insert(command.end(), {input.shell, "-c", input.command});
    return command;
  }
  // Before a name that begins with '-' goes its folder: an interpreter would take the name for an option.
  command.insert(command.end(), {input.interpreter, input.script.starts_with('-') ? "./" + input.script : input.script});
  command.insert(command.end(), input.arguments.begin(), input.arguments.end());
  return command;
}

/// What all ranks of the node share, whatever the launch.
Variables shared_variables(const LaunchInput& input) {
  Variables variables = input.variables;
  // The run's GPUs and no other run's. Each rank sees all of them and takes the one that LOCAL_RANK names, as scripts written for Azure ML
  // and torchrun do (torch.cuda.set_device(local_rank)); hiding all but one would break them. What the engine has already chosen stays.
  if (input.gpus > 0 && !variables.contains("CUDA_VISIBLE_DEVICES")) {
    std::vector<std::string> devices;
    for (int i = 0; i < input.gpus; ++i) devices.push_back(std::to_string(i));
    variables["CUDA_VISIBLE_DEVICES"] = join(devices, ",");
  }
  return variables;
}

RankPlan make_rank(const LaunchInput& input, int rank, int local_rank, Variables variables, std::string log) {
  variables["MUSTER_RANK"] = std::to_string(rank);
  RankPlan plan{rank, local_rank, command_of(input), std::move(variables), std::move(log)};
  // Only a script's arguments: the interpreter and the script are paths, and a command is its shell's business.
  if (input.command.empty()) {
    for (std::size_t i = input.prefix.size() + 2; i < plan.command.size(); ++i)
      plan.command[i] = expand_variables(plan.command[i], plan.variables);
  }
  return plan;
}

LaunchPlan plan_single(const LaunchInput& input) {
  return {{make_rank(input, 0, 0, shared_variables(input), fmt::format("{}.txt", kLogFolder))}, 1};
}

Variables pytorch_variables(const LaunchInput& input, int world_size) {
  Variables variables = shared_variables(input);
  variables["MASTER_ADDR"] = input.master_address;
  variables["MASTER_PORT"] = std::to_string(input.master_port);
  variables["NODE_RANK"] = std::to_string(input.node_rank);
  variables["WORLD_SIZE"] = std::to_string(world_size);
  return variables;
}

LaunchPlan plan_per_node(const LaunchInput& input) {
  return {{make_rank(input, input.node_rank, 0, pytorch_variables(input, input.node_count),
                     fmt::format("{}_{}.txt", kLogFolder, input.node_rank))},
          input.node_count};
}

LaunchPlan plan_per_process(const LaunchInput& input) {
  LaunchPlan plan;
  plan.world_size = input.distribution->process_count.value_or(input.node_count);
  const int local_size = plan.world_size / input.node_count;
  for (int local_rank = 0; local_rank < local_size; ++local_rank) {
    const int rank = input.node_rank * local_size + local_rank;
    Variables variables = pytorch_variables(input, plan.world_size);
    variables["RANK"] = std::to_string(rank);
    variables["LOCAL_RANK"] = std::to_string(local_rank);
    variables["LOCAL_WORLD_SIZE"] = std::to_string(local_size);
    // What Azure ML called them before March 2021.
    variables["AZ_BATCHAI_PYTORCH_INIT_METHOD"] = fmt::format("tcp://{}:{}", input.master_address, input.master_port);
    variables["AZ_BATCHAI_TASK_INDEX"] = std::to_string(rank);
    plan.ranks.push_back(make_rank(input, rank, local_rank, std::move(variables), fmt::format("{}_{}.txt", kLogFolder, rank)));
  }
  return plan;
}

LaunchPlan plan_mpi(const LaunchInput& input) {
  const int local_size = input.distribution->process_count_per_node;
  LaunchPlan plan{{}, local_size * input.node_count, LaunchPlan::StartedBy::mpirun};
  Variables variables = shared_variables(input);
  variables["MASTER_ADDR"] = input.master_address;
  variables["MASTER_PORT"] = std::to_string(input.master_port);
  variables["AZ_BATCHAI_MPI_MASTER_NODE"] = input.master_address;
  variables["AZ_BATCH_HOST_LIST"] = input.node_count > 1 ? join(input.addresses, ",") : "";
  if (input.node_count > 1) variables["AZ_BATCH_MASTER_NODE"] = fmt::format("{}:{}", input.master_address, input.master_port);
  // A widely copied helper reads it before it sets its own; empty means to NCCL that nothing was chosen.
  variables.try_emplace("NCCL_SOCKET_IFNAME", "");
  for (int local_rank = 0; local_rank < local_size; ++local_rank) {
    const int rank = input.node_rank * local_size + local_rank;
    plan.ranks.push_back({rank, local_rank, command_of(input), variables, fmt::format("{}_rank_{}.txt", kLogFolder, rank)});
  }
  return plan;
}

}  // namespace

Result<LaunchPlan> plan_node(const LaunchInput& input) {
  MUSTER_TRY(check(input));
  if (!input.distribution) return plan_single(input);
  if (input.distribution->kind == Distribution::Kind::mpi) return plan_mpi(input);
  const bool per_node = !input.command.empty() && !input.distribution->process_count;
  return per_node ? plan_per_node(input) : plan_per_process(input);
}

}  // namespace muster::launch
