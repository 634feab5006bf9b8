#include "model/distribution.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::model {
namespace {

constexpr int kMostProcesses = 100'000;
constexpr int kMostProcessesPerNode = 1024;

/// What a process count that does not divide could be instead: "take 2 or 4".
std::string nearest_multiples(std::int64_t count, std::int64_t nodes) {
  const std::int64_t below = count / nodes * nodes;
  return below == 0 ? fmt::format("take {}", nodes) : fmt::format("take {} or {}", below, below + nodes);
}

void read_pytorch(ObjectReader& in, int node_count, Distribution& distribution) {
  distribution.kind = Distribution::Kind::pytorch;
  if (const auto count = in.optional_integer("process_count", 1, kMostProcesses)) {
    distribution.process_count = static_cast<int>(*count);
    if (*count % node_count != 0) {
      in.fault("process_count",
               fmt::format("is the total over all nodes, so it must be a multiple of node_count ({}); {} is not", node_count, *count),
               nearest_multiples(*count, node_count) + ", or leave it out for one process a node");
    }
  }
  std::string backend = in.text_or("backend", distribution.backend);
  std::transform(backend.begin(), backend.end(), backend.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (backend != "nccl" && backend != "gloo") in.fault("backend", "must be \"nccl\" or \"gloo\"", "gloo works without GPUs");
  distribution.backend = backend;
}

void read_mpi(ObjectReader& in, Distribution& distribution) {
  distribution.kind = Distribution::Kind::mpi;
  distribution.process_count_per_node = static_cast<int>(in.integer_or("process_count_per_node", 1, 1, kMostProcessesPerNode));
  if (in.member("process_count") != nullptr) {
    in.fault("process_count", "is for the type \"pytorch\"", "for MPI give `process_count_per_node`");
  }
}

}  // namespace

Result<Distribution> distribution_from_json(const Json& json, int node_count) {
  Distribution distribution;
  ObjectReader in(json);
  const std::string type = json.is_object() ? in.text("type") : "";
  if (type == "pytorch") {
    read_pytorch(in, node_count, distribution);
  } else if (type == "mpi") {
    read_mpi(in, distribution);
  } else if (!type.empty()) {
    in.fault("type", fmt::format("must be \"pytorch\" or \"mpi\", not '{}'", to_utf8(type.substr(0, 100))));
    for (const std::string_view key : {"process_count", "process_count_per_node", "backend"}) in.member(key);
  }
  MUSTER_TRY(in.finish("distribution"));
  return distribution;
}

Json to_json(const std::optional<Distribution>& distribution) {
  if (!distribution) return {};
  if (distribution->kind == Distribution::Kind::mpi) {
    return {{"type", "mpi"}, {"process_count_per_node", distribution->process_count_per_node}};
  }
  return {{"type", "pytorch"},
          {"process_count", distribution->process_count ? Json(*distribution->process_count) : Json()},
          {"backend", distribution->backend}};
}

}  // namespace muster::model
