#pragma once
// Which files of a source folder stay at home: .amlignore or .gitignore, in Git's syntax (docs/formats.md, "Ignore rules"). Pure.

#include <string>
#include <string_view>
#include <vector>

namespace muster::client {

enum class Kind { file, folder };

/// Rules in order; the last that matches decides. Thread-safe once built.
class IgnoreRules {
 public:
  /// Adds the rules of a file's text after those that are there. Lines that are no rule are passed over, as Git does.
  void add(std::string_view text);

  /// Whether the rules name this path itself. Whoever walks does not enter ignored folders; see ignores_below() for paths out of the blue.
  bool ignores(std::string_view path, Kind kind) const;

  /// The same for any path: also true when a folder on the way is ignored.
  bool ignores_below(std::string_view path, Kind kind) const;

 private:
  struct Rule {
    std::string pattern;
    bool takes_back = false;
    bool folders_only = false;
    bool rooted = false;   ///< matched against the whole path, else against the last part
    bool literal = false;  ///< no special characters: compared as it is
  };
  std::vector<Rule> rules_;
};

/// Muster's own rules, which come before a file's.
std::string_view own_ignore_rules();

}  // namespace muster::client
