#include "cli/run/log_printer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/fields.h"

namespace muster::cli {

LogKind log_kind(std::string_view path) {
  constexpr std::string_view kDriver = "azureml-logs/70_driver_log";
  if (path == "azureml-logs/70_driver_log.txt") return LogKind::single;
  return path.substr(0, kDriver.size()) == kDriver ? LogKind::ranked : LogKind::other;
}

std::string log_label(const Json& event) {
  const Json& rank = member(event, "rank");
  return rank.is_number_integer() ? fmt::format("[rank {}] ", rank.get<std::int64_t>()) : "";
}

void LogPrinter::print(const std::string& path, const std::string& label, std::string_view bytes) {
  const LogKind kind = log_kind(path);
  if (kind == LogKind::single) return out_(bytes);
  if (kind == LogKind::other) return aside_(bytes);
  // Lines of several ranks are kept whole, or they would be mixed in the middle.
  Partial& partial = partial_[path];
  partial.label = label;
  std::string ready;
  while (true) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos) break;
    ready += label + partial.line;
    ready += bytes.substr(0, end + 1);
    partial.line.clear();
    bytes.remove_prefix(end + 1);
  }
  partial.line += bytes;
  if (!ready.empty()) out_(ready);
}

void LogPrinter::finish() {
  for (const auto& [path, partial] : partial_) {
    if (!partial.line.empty()) out_(partial.label + partial.line + "\n");
  }
  partial_.clear();
}

}  // namespace muster::cli
