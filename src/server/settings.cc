#include "server/settings.h"

#include <algorithm>
#include <functional>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/file.h"
#include "base/text.h"

namespace muster::server {
namespace {

/// One setting: where it stands in the file, and how a value of it is taken. The taker returns the fault in words, "" when it is fine.
struct Setting {
  std::string_view section;
  std::string_view key;
  std::function<std::string(Settings&, const toml::node&)> take;
};

auto whole_number(auto Settings::*member, std::int64_t low, std::int64_t high) {
  return [=](Settings& settings, const toml::node& node) -> std::string {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < low || *value > high) return fmt::format("must be a whole number from {} to {}", low, high);
    settings.*member = static_cast<std::remove_reference_t<decltype(settings.*member)>>(*value);
    return "";
  };
}

auto text(std::string Settings::*member, std::vector<std::string> allowed = {}) {
  return [=](Settings& settings, const toml::node& node) -> std::string {
    const auto value = node.value_exact<std::string>();
    if (!value) return "must be a string";
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), *value) == allowed.end())
      return "must be one of " + join(allowed, ", ");
    settings.*member = *value;
    return "";
  };
}

auto yes_or_no(bool Settings::*member) {
  return [=](Settings& settings, const toml::node& node) -> std::string {
    const auto value = node.value_exact<bool>();
    if (!value) return "must be true or false";
    settings.*member = *value;
    return "";
  };
}

const std::vector<Setting>& table() {
  static const std::vector<Setting> settings{
      {"server", "listen", text(&Settings::listen)},
      {"server", "advertise", text(&Settings::advertise)},
      {"server", "tls_certificate", text(&Settings::tls_certificate)},
      {"server", "tls_key", text(&Settings::tls_key)},
      {"server", "insecure", yes_or_no(&Settings::insecure)},
      {"server", "log_level", text(&Settings::log_level, {"debug", "info", "warning", "error"})},
      {"server", "worker_threads", whole_number(&Settings::worker_threads, 2, 256)},
      {"local", "runs_at_once", whole_number(&Settings::local_runs_at_once, 1, 10'000)},
      {"limits", "environments_mb", whole_number(&Settings::environments_mb, 0, 100'000'000)},
      {"limits", "snapshot_mb", whole_number(&Settings::snapshot_limit_mb, 1, 1'000'000)},
  };
  return settings;
}

std::string take(Settings& settings, std::string_view section, std::string_view key, const toml::node& node) {
  for (const Setting& setting : table()) {
    if (setting.section == section && setting.key == key) return setting.take(settings, node);
  }
  return "is not a setting";
}

}  // namespace

Result<Settings> read_settings(const std::filesystem::path& file) {
  Settings settings;
  const auto bytes = read_file(file, 1 << 20);
  if (!bytes && bytes.error().code == Code::not_found) return settings;
  if (!bytes) return tl::unexpected(bytes.error());
  const toml::parse_result parsed = toml::parse(*bytes, file.string());
  if (!parsed) {
    return fail(Code::invalid, "{}, line {}: {}", file.string(), parsed.error().source().begin.line, parsed.error().description());
  }
  std::vector<std::string> faults;
  for (const auto& [section, node] : parsed.table()) {
    const toml::table* members = node.as_table();
    if (members == nullptr) {
      faults.push_back(fmt::format("`{}` stands outside a section such as [server]", section.str()));
      continue;
    }
    for (const auto& [key, value] : *members) {
      const std::string fault = take(settings, section.str(), key.str(), value);
      if (!fault.empty()) faults.push_back(fmt::format("line {}: `{}.{}` {}", value.source().begin.line, section.str(), key.str(), fault));
    }
  }
  if (!faults.empty()) return fail_hint(Code::invalid, "docs/settings.md lists every setting", "{}: {}", file.string(), join(faults, "; "));
  return settings;
}

}  // namespace muster::server
