#include "runner/machine_points.h"

#include <fmt/format.h>

#include "base/text.h"

namespace muster::runner {
namespace {

constexpr int kMostGpus = 64;
constexpr double kMebibyte = 1024.0 * 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::optional<double> reading(std::string_view text) {
  double number = 0;
  return parse_double(trimmed(text), number) && number >= 0 && number < 1e15 ? std::optional(number) : std::nullopt;
}

}  // namespace

void read_gpu_line(std::string_view line, GpuReadings& readings) {
  const auto fields = split(line, ',');
  std::int64_t index = 0;
  if (fields.size() != 5 || !parse_int64(trimmed(fields[0]), index) || index < 0 || index >= kMostGpus) return;
  GpuReading& gpu = readings[static_cast<int>(index)];
  gpu.utilization_percent = reading(fields[1]);
  gpu.memory_used_bytes = reading(fields[2]);
  if (gpu.memory_used_bytes) *gpu.memory_used_bytes *= kMebibyte;
  gpu.power_watts = reading(fields[3]);
  gpu.temperature_celsius = reading(fields[4]);
}

std::vector<std::pair<std::string, double>> machine_points(const MachineLook& before, const MachineLook& now) {
  const double seconds = now.seconds - before.seconds;
  std::vector<std::pair<std::string, double>> points;
  if (seconds <= 0) return points;
  const auto rate = [&](const char* name, double then, double at_last) {
    if (at_last >= then) points.emplace_back(name, (at_last - then) / seconds);
  };
  const auto bytes = [&](const char* name, std::uint64_t then, std::uint64_t at_last) {
    rate(name, static_cast<double>(then), static_cast<double>(at_last));
  };
  rate("cpu_cores_used", before.machine.cpu_seconds, now.machine.cpu_seconds);
  points.emplace_back("memory_used_bytes", static_cast<double>(now.machine.memory_used));
  bytes("network_received_bytes_per_second", before.machine.network_received, now.machine.network_received);
  bytes("network_sent_bytes_per_second", before.machine.network_sent, now.machine.network_sent);
  bytes("disk_read_bytes_per_second", before.machine.disk_read, now.machine.disk_read);
  bytes("disk_written_bytes_per_second", before.machine.disk_written, now.machine.disk_written);
  if (before.run && now.run) {
    rate("run_cpu_cores_used", before.run->cpu_seconds, now.run->cpu_seconds);
    if (now.run->memory_used > 0) points.emplace_back("run_memory_used_bytes", static_cast<double>(now.run->memory_used));
  }
  for (const auto& [index, gpu] : now.gpus) {
    const auto add = [&, gpu_index = index](const char* what, const std::optional<double>& value) {
      if (value) points.emplace_back(fmt::format("gpu{}_{}", gpu_index, what), *value);
    };
    add("utilization_percent", gpu.utilization_percent);
    add("memory_used_bytes", gpu.memory_used_bytes);
    add("power_watts", gpu.power_watts);
    add("temperature_celsius", gpu.temperature_celsius);
  }
  return points;
}

}  // namespace muster::runner
