#include "environment/pip_errors.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace muster::environment {
namespace {

constexpr std::size_t kMostLines = 5;
constexpr std::size_t kLongestLine = 300;

constexpr std::string_view kNoDistribution = "No matching distribution found for ";
constexpr std::string_view kNoVersion = "Could not find a version that satisfies the requirement ";

/// Phrases after which pip names the requirement.
constexpr std::array<std::string_view, 8> kNaming{
    kNoDistribution,    kNoVersion,        "Failed building wheel for ", "Could not build wheels for ",
    "Failed to build ", "Cannot install ", "Invalid requirement: ",      "Could not install requirement ",
};

/// "nosuch==1 (from versions: none)" → "nosuch==1"
std::string_view first_word(std::string_view text) {
  while (text.starts_with('\'') || text.starts_with('"') || text.starts_with(' ')) text.remove_prefix(1);
  return text.substr(0, text.find_first_of(" '\",;"));
}

std::string package_named_in(const std::vector<std::string_view>& lines) {
  for (const std::string_view phrase : kNaming) {
    for (const std::string_view line : lines) {
      const std::size_t at = line.find(phrase);
      if (at != std::string_view::npos) return std::string(first_word(line.substr(at + phrase.size())));
    }
  }
  return "";
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace

Error explain_pip_failure(std::string_view log) {
  std::vector<std::string_view> errors;
  std::string_view last_line;
  for (std::string_view line : split(log, '\n')) {
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    while (line.starts_with(' ')) line.remove_prefix(1);
    if (!line.empty()) last_line = line;
    if (line.starts_with("ERROR: ") || line.starts_with("error: "))
      errors.push_back(line.substr(7));
    else if (contains(line, kNoDistribution))
      errors.push_back(line);
  }
  if (errors.empty()) errors.push_back(last_line.empty() ? "pip said nothing" : last_line);
  const std::string package = package_named_in(errors);
  errors.erase(std::unique(errors.begin(), errors.end()), errors.end());
  // pip's second sentence for the same thing; the first says which versions there are.
  if (std::any_of(errors.begin(), errors.end(), [](std::string_view line) { return contains(line, kNoVersion); }))
    std::erase_if(errors, [](std::string_view line) { return contains(line, kNoDistribution); });
  if (errors.size() > kMostLines) errors.erase(errors.begin(), errors.end() - kMostLines);

  Error error;
  error.code = Code::invalid;
  std::vector<std::string> words;
  for (const std::string_view line : errors) words.push_back(to_utf8(line.substr(0, kLongestLine)));
  const std::string said = join(words, "; ");
  error.detail = package.empty() ? fmt::format("the environment's packages could not be installed: {}", said)
                                 : fmt::format("the package '{}' could not be installed: {}", to_utf8(package), said);
  if (contains(log, "No space left on device")) {
    error.code = Code::disk_full;
    error.hint = "free some space on the disk that holds the environments";
  } else if (contains(log, "Failed to establish a new connection") || contains(log, "Temporary failure in name resolution")) {
    // pip's last word is then "no matching distribution", which would send people looking at their spelling.
    error.code = Code::timeout;  // it may go well at the next ask
    error.hint = "no package index could be reached: see pip's configuration on the server (pip config list) and its proxy settings";
  }
  return error;
}

}  // namespace muster::environment
