#include "environment/uv.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"

namespace muster::environment {
namespace {

/// Of pip's own, and without a meaning for what is installed.
constexpr auto kWithoutMeaning = std::to_array<std::string_view>({
    "timeout",
    "default-timeout",
    "retries",
    "disable-pip-version-check",
    "no-input",
    "progress-bar",
    "quiet",
    "verbose",
    "cache-dir",
    "no-color",
    "log",
    "root-user-action",
    "use-feature",
    "break-system-packages",
    "require-virtualenv",
    "exists-action",
    "prefer-binary",
    "no-python-version-warning",
    "config-file",
    "no-warn-script-location",
    "no-cache-dir",
});

struct PipSetting {
  std::string key;
  std::string value;
};

/// One line of `pip config list`: global.index-url='https://…', :env:.find-links='/x', install.no-index='1'.
std::optional<PipSetting> parse_setting(std::string_view line) {
  const std::size_t equals = line.find('=');
  const std::size_t dot = equals == std::string_view::npos ? equals : line.rfind('.', equals);
  if (dot == std::string_view::npos) return std::nullopt;
  std::string_view value = line.substr(equals + 1);
  while (value.ends_with('\r') || value.ends_with(' ')) value.remove_suffix(1);
  if (value.size() >= 2 && (value.front() == '\'' || value.front() == '"')) value = value.substr(1, value.size() - 2);
  const std::string_view section = line.substr(0, dot);
  if (section != "global" && section != "install" && section != ":env:") return std::nullopt;
  std::string text(value);
  for (std::size_t at = text.find("\\n"); at != std::string::npos; at = text.find("\\n", at)) text.replace(at, 2, " ");
  return PipSetting{std::string(line.substr(dot + 1, equals - dot - 1)), text};
}

bool is_true(const std::string& value) { return value == "1" || value == "true" || value == "True" || value == "yes" || value == "on"; }

void each_word(UvSettings& settings, const char* option, const std::string& value) {
  for (const std::string_view word : split(value, ' ')) {
    if (!word.empty()) settings.install.insert(settings.install.end(), {option, std::string(word)});
  }
}

}  // namespace

Result<UvSettings> uv_settings(std::string_view pip_config_list) {
  UvSettings settings;
  bool has_other_indexes = false;
  for (const std::string_view line : split(pip_config_list, '\n')) {
    const auto one = parse_setting(line);
    if (!one || std::find(kWithoutMeaning.begin(), kWithoutMeaning.end(), one->key) != kWithoutMeaning.end()) continue;
    if (one->key == "index-url") {
      settings.install.insert(settings.install.end(), {"--default-index", one->value});
    } else if (one->key == "extra-index-url") {
      each_word(settings, "--index", one->value);
      has_other_indexes = true;
    } else if (one->key == "find-links") {
      each_word(settings, "--find-links", one->value);
    } else if (one->key == "trusted-host") {
      each_word(settings, "--allow-insecure-host", one->value);
    } else if (one->key == "constraint") {
      each_word(settings, "--constraint", one->value);
    } else if (one->key == "no-index" && is_true(one->value)) {
      settings.install.emplace_back("--no-index");
    } else if (one->key == "pre" && is_true(one->value)) {
      settings.install.insert(settings.install.end(), {"--prerelease", "allow"});
    } else if (one->key == "cert") {
      settings.variables["SSL_CERT_FILE"] = one->value;
    } else if (one->key == "proxy") {
      settings.variables["HTTPS_PROXY"] = settings.variables["HTTP_PROXY"] = one->value;
    } else if (one->key != "no-index" && one->key != "pre") {
      return fail(Code::invalid, "pip is configured with {}, which uv does not have", to_utf8(one->key));
    }
  }
  // pip looks for the best version in all of its indexes.
  if (has_other_indexes) settings.install.insert(settings.install.end(), {"--index-strategy", "unsafe-best-match"});
  return settings;
}

}  // namespace muster::environment
