#include "engine/slurm/partition.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/text.h"
#include "engine/slurm/options.h"

namespace muster::engine::slurm {
namespace {

/// Of "A=1 B=2": what follows " NAME=" up to the next space.
std::string_view value_of(std::string_view text, std::string_view name) {
  const std::string wanted = fmt::format(" {}=", name);
  const std::size_t at = text.find(wanted);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + wanted.size());
  return text.substr(0, text.find(' '));
}

/// 0 for what is no number, or none that an int holds.
int count_of(std::string_view text) {
  std::int64_t number = 0;
  return parse_int64(text, number) && number > 0 && number <= std::numeric_limits<int>::max() ? static_cast<int>(number) : 0;
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  return parse_int64(text, number) && number > 0 ? number : 0;
}

/// "8000M", "1.50T": in megabytes.
std::int64_t megabytes(std::string_view text) {
  constexpr std::string_view kUnits = "MGTP";
  if (text.empty()) return 0;
  const std::size_t unit = kUnits.find(text.back());
  if (unit == std::string_view::npos) return number_of(text);
  text.remove_suffix(1);
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::int64_t scale = std::int64_t{1} << (10 * unit);
  std::int64_t sum = number_of(text.substr(0, dot));
  if (sum > std::numeric_limits<std::int64_t>::max() / scale / 2) return 0;
  sum *= scale;
  std::int64_t part = scale;
  for (const char digit : text.substr(std::min(dot + 1, text.size()))) {
    part /= 10;
    if (digit >= '0' && digit <= '9') sum += (digit - '0') * part;
  }
  return sum;
}

/// "gpu:a100:4(S:0-1),gpu:2,shard:8" → 6
int gpus_of_gres(std::string_view gres) {
  int sum = 0;
  for (const std::string_view one : split(gres, ',')) {
    if (!one.starts_with("gpu:")) continue;
    const std::string_view plain = one.substr(0, one.find('('));
    sum += count_of(plain.substr(plain.rfind(':') + 1));
  }
  return sum;
}

}  // namespace

Partition parse_partition(std::string_view line) {
  const std::string text = fmt::format(" {}", line.substr(0, line.find('\n')));
  Partition partition;
  partition.name = value_of(text, "PartitionName");
  partition.state = value_of(text, "State");
  if (const auto time = parse_time(value_of(text, "MaxTime"))) partition.longest = *time;
  partition.nodes = partition.most_nodes = count_of(value_of(text, "TotalNodes"));
  if (const int most = count_of(value_of(text, "MaxNodes")); most > 0) partition.most_nodes = std::min(partition.nodes, most);
  for (const std::string_view one : split(value_of(text, "TRES"), ',')) {
    const std::size_t equals = std::min(one.find('='), one.size());
    const std::string_view value = one.substr(std::min(equals + 1, one.size()));
    if (one.substr(0, equals) == "cpu") partition.cpus = number_of(value);
    if (one.substr(0, equals) == "mem") partition.memory_mb = megabytes(value);
    if (one.substr(0, equals) == "gres/gpu") partition.gpus = count_of(value);
  }
  return partition;
}

std::vector<Partition> parse_partitions(std::string_view text) {
  std::vector<Partition> partitions;
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("PartitionName=")) partitions.push_back(parse_partition(line));
  }
  return partitions;
}

std::vector<NodeSize> parse_node_sizes(std::string_view text) {
  std::vector<NodeSize> sizes;
  for (const std::string_view line : split(text, '\n')) {
    const auto parts = split(line, '|');
    if (parts.size() != 6 || count_of(parts[1]) == 0) continue;
    NodeSize size{std::string(parts[0]), count_of(parts[1]), number_of(parts[2]), number_of(parts[3]), gpus_of_gres(parts[4])};
    if (parts[5] != "(null)") size.features = to_utf8(std::string(parts[5]));
    sizes.push_back(std::move(size));
  }
  return sizes;
}

}  // namespace muster::engine::slurm
