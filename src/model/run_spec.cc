#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text.h"
#include "model/checks.h"
#include "model/names.h"
#include "model/run.h"

namespace muster::model {
namespace {

constexpr int kMostNodes = 1000;
constexpr std::size_t kMostArguments = 10'000;
constexpr std::size_t kMostArgumentBytes = 1u << 20;
constexpr std::int64_t kLongestRunSeconds = 10LL * 365 * 86'400;
constexpr std::int64_t kLongestGraceSeconds = 86'400;
constexpr int kMostRetries = 1000;
constexpr std::int64_t kHighestPriority = 9'007'199'254'740'991;  // what every JSON reader keeps exactly

/// A word that a program is started with: not longer than the kernel takes, and without the byte that would end it early.
void check_word(ObjectReader& in, const std::string& field, std::string_view word) {
  if (word.size() > kLongestWord) in.fault(field, fmt::format("must have at most {} bytes, not {}", kLongestWord, word.size()));
  if (word.find('\0') != std::string_view::npos) in.fault(field, "must not hold a NUL character");
}

/// Texts, and {"input": name}, which stand for the place of an input on the node.
void read_argument_list(ObjectReader& in, RunSpec& spec) {
  const Json* list = in.member("arguments");
  if (list == nullptr) return;
  if (!list->is_array()) {
    in.fault("arguments", "must be a list");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const Json& item = (*list)[i];
    const bool is_input = item.is_object() && item.size() == 1 && member(item, "input").is_string();
    spec.arguments.push_back(item.is_string() ? item.get<std::string>() : "");
    if (is_input) {
      const std::string name = text_at(item, "input");
      if (!spec.inputs.contains(name))
        in.fault(fmt::format("arguments[{}].input", i), fmt::format("there is no input '{}'", to_utf8(name.substr(0, 100))),
                 "describe it in `inputs`");
      spec.argument_inputs.emplace(i, name);
    } else if (!item.is_string()) {
      in.fault(fmt::format("arguments[{}]", i), "must be a text, or {\"input\": name}");
    }
  }
}

void read_arguments(ObjectReader& in, RunSpec& spec) {
  spec.inputs = read_inputs(in);
  read_argument_list(in, spec);
  if (spec.arguments.size() > kMostArguments) {
    in.fault("arguments", fmt::format("must have at most {} items, not {}", kMostArguments, spec.arguments.size()),
             "put them into a file of the source folder");
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < spec.arguments.size(); ++i) {
    bytes += spec.arguments[i].size() + 1;
    check_word(in, fmt::format("arguments[{}]", i), spec.arguments[i]);
  }
  if (bytes > kMostArgumentBytes) {
    in.fault("arguments", fmt::format("must have at most {} in all, not {}", human_size(kMostArgumentBytes), human_size(bytes)),
             "put them into a file of the source folder");
  }
}

void read_what_runs(ObjectReader& in, RunSpec& spec) {
  spec.script = in.text_or("script", "");
  spec.command = in.text_or("command", "");
  read_arguments(in, spec);
  if (spec.script.empty() && spec.command.empty()) {
    in.fault("script", "or `command` is required", "give a script inside the source folder, or a command line");
  }
  if (!spec.script.empty() && !spec.command.empty()) in.fault("command", "can't be given together with `script`", "give one of the two");
  if (!spec.script.empty() && !is_safe_relative_path(spec.script)) {
    in.fault("script", fmt::format("must be a path inside the source folder, not '{}'", to_utf8(spec.script.substr(0, 200))),
             "give it relative to the source folder, with '/' and without '..', as in train.py or src/train.py");
  }
  check_word(in, "command", spec.command);
  if (spec.script.empty() && !spec.arguments.empty()) in.fault("arguments", "are for `script`", "write them into the command");
}

void read_limits(ObjectReader& in, RunSpec& spec) {
  spec.max_run_duration_seconds = in.integer_or("max_run_duration_seconds", spec.max_run_duration_seconds, 1, kLongestRunSeconds);
  spec.max_retries = static_cast<int>(in.integer_or("max_retries", spec.max_retries, 0, kMostRetries));
  spec.priority = in.integer_or("priority", spec.priority, -kHighestPriority, kHighestPriority);
  spec.grace_seconds = in.integer_or("grace_seconds", spec.grace_seconds, 0, kLongestGraceSeconds);
}

void read_description(ObjectReader& in, RunSpec& spec) {
  spec.display_name = in.text_or("display_name", "");
  if (const auto fault = display_name_fault(spec.display_name)) in.fault("display_name", *fault);
  spec.tags = in.text_map_or_empty("tags");
  check_tags(in, "tags", spec.tags);
  spec.properties = in.text_map_or_empty("properties");
  check_tags(in, "properties", spec.properties);
  spec.parameters = in.text_map_or_empty("parameters");
  check_parameters(in, "parameters", spec.parameters);
  spec.description = in.text_or("description", "");
  if (const auto fault = description_fault(spec.description)) in.fault("description", *fault);
  spec.parent_run_id = in.optional_text("parent_run_id");
  if (spec.parent_run_id && (spec.parent_run_id->empty() || spec.parent_run_id->size() > 300)) {
    in.fault("parent_run_id", "must be the id of a run");
  }
}

void read_distribution(ObjectReader& in, RunSpec& spec) {
  spec.node_count = static_cast<int>(in.integer_or("node_count", 1, 1, kMostNodes));
  if (const Json* json = in.member("distribution")) {
    auto distribution = distribution_from_json(*json, spec.node_count);
    if (distribution)
      spec.distribution = *distribution;
    else
      in.adopt("distribution", distribution.error());
  } else if (spec.node_count > 1) {
    in.fault("distribution", fmt::format("is required with {} nodes: it says how their processes find each other", spec.node_count),
             "give {\"type\": \"pytorch\"} (PyTorchConfiguration) or {\"type\": \"mpi\"} (MpiConfiguration)");
  }
}

void read_job(ObjectReader& in, RunSpec& spec) {
  read_what_runs(in, spec);
  spec.compute_target = in.text_or("compute_target", spec.compute_target);
  if (const auto fault = compute_name_fault(spec.compute_target)) in.fault("compute_target", *fault);
  if (const Json* json = in.member("environment")) {
    auto environment = environment_from_json(*json, "environment");
    if (environment)
      spec.environment = *std::move(environment);
    else
      in.adopt("", environment.error());
  }
  spec.environment_variables = in.text_map_or_empty("environment_variables");
  check_variables(in, "environment_variables", spec.environment_variables);
  read_distribution(in, spec);
  read_limits(in, spec);
}

/// Of a run that no node runs: what a node would need is refused by name.
void refuse_what_is_a_jobs(ObjectReader& in, RunSpec& spec) {
  spec.compute_target.clear();
  for (const char* key : {"script", "command", "arguments", "inputs", "compute_target", "environment", "environment_variables",
                          "distribution", "node_count", "max_run_duration_seconds", "max_retries", "priority", "grace_seconds"}) {
    if (in.member(key) != nullptr)
      in.fault(key, fmt::format("is for jobs: no node runs a run of kind {}", to_string(spec.kind)), "leave it out, or submit a job");
  }
}

}  // namespace

Result<RunSpec> run_spec_from_json(const Json& body) {
  RunSpec spec;
  ObjectReader in(body);
  if (const auto kind = in.optional_text("kind")) {
    if (const auto known = run_kind_from_string(*kind))
      spec.kind = *known;
    else
      in.fault("kind", known.error().detail, known.error().hint);
  }
  spec.experiment = in.text("experiment");
  if (in.has("experiment") && body["experiment"].is_string()) {
    if (const auto fault = experiment_name_fault(spec.experiment)) in.fault("experiment", *fault);
  }
  spec.run_id = in.optional_text("run_id");
  if (spec.run_id) {
    if (const auto fault = run_id_fault(*spec.run_id)) in.fault("run_id", *fault);
  }
  spec.snapshot_id = in.optional_text("snapshot_id");
  if (spec.snapshot_id && !is_sha256(*spec.snapshot_id))
    in.fault("snapshot_id", "must be 64 lower-case hex digits, as POST /snapshots answers");
  if (spec.kind == RunKind::job)
    read_job(in, spec);
  else
    refuse_what_is_a_jobs(in, spec);
  read_description(in, spec);
  MUSTER_TRY(in.finish("run"));
  return spec;
}

Json arguments_to_json(const RunSpec& spec) {
  Json list = spec.arguments;
  for (const auto& [index, name] : spec.argument_inputs) list[index] = {{"input", name}};
  return list;
}

Json to_json(const RunSpec& spec) {
  return {{"kind", to_string(spec.kind)},
          {"run_id", spec.run_id ? Json(*spec.run_id) : Json()},
          {"experiment", spec.experiment},
          {"display_name", text_or_null(spec.display_name)},
          {"snapshot_id", spec.snapshot_id ? Json(*spec.snapshot_id) : Json()},
          {"script", text_or_null(spec.script)},
          {"command", text_or_null(spec.command)},
          {"arguments", arguments_to_json(spec)},
          {"inputs", to_json(spec.inputs)},
          {"compute_target", spec.compute_target},
          {"environment", to_json(spec.environment)},
          {"environment_variables", spec.environment_variables},
          {"distribution", to_json(spec.distribution)},
          {"node_count", spec.node_count},
          {"max_run_duration_seconds", spec.max_run_duration_seconds},
          {"max_retries", spec.max_retries},
          {"priority", spec.priority},
          {"grace_seconds", spec.grace_seconds},
          {"tags", spec.tags},
          {"properties", spec.properties},
          {"parameters", spec.parameters},
          {"description", text_or_null(spec.description)},
          {"parent_run_id", spec.parent_run_id ? Json(*spec.parent_run_id) : Json()}};
}

std::vector<std::string> doubts_about(const RunSpec& spec) {
  std::vector<std::string> doubts;
  const bool per_node = spec.distribution && spec.distribution->kind == Distribution::Kind::pytorch && !spec.distribution->process_count &&
                        !spec.command.empty() && spec.node_count > 1;
  if (per_node) {
    const auto mentions = [&](const char* word) { return spec.command.find(word) != std::string::npos; };
    std::vector<std::string> missing;
    for (const std::string name : {"NODE_RANK", "MASTER_ADDR", "MASTER_PORT"}) {
      // torchrun's rendezvous hands out the ranks of nodes itself.
      const bool given = name == "NODE_RANK" && (mentions("--rdzv_endpoint") || mentions("--rdzv-endpoint"));
      if (!given && !mentions(name.c_str())) missing.push_back("$" + name);
    }
    if (!missing.empty()) {
      doubts.push_back(
          fmt::format("the command runs once on each of {} nodes and does not use {}: unless it reads them from its environment, "
                      "its processes will not find each other",
                      spec.node_count, join(missing, ", ")));
    }
  }
  if (spec.environment.user_managed_dependencies && !spec.environment.pip_packages.empty()) {
    doubts.push_back("the environment is user-managed (user_managed_dependencies), so its pip packages are not installed");
  }
  return doubts;
}

}  // namespace muster::model
