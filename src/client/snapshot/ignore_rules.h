#pragma once
// Which files of a source folder stay at home: .amlignore or .gitignore, in Git's syntax (docs/formats.md, "Ignore rules"). Pure.

#include <string>
#include <string_view>
#include <vector>

#include "client/snapshot/wildmatch.h"

namespace muster::client {

enum class EntryKind { file, folder };

/// Rules in order; the last that matches decides. Thread-safe once built.
class IgnoreRules {
 public:
  /// Adds the rules of a file's text after those that are there. Lines that are no rule are passed over, as Git does.
  void add(std::string_view text);

  /// Whether the rules name this path itself, the folders on the way being kept. For whoever walks and does not enter ignored folders.
  bool ignores(std::string_view path, EntryKind kind) const;

  /// The same for any path: also true when a folder on the way is ignored.
  bool ignores_below(std::string_view path, EntryKind kind) const;

 private:
  struct Rule {
    std::string literal;  ///< the pattern when it has no special character: compared as it is
    std::optional<WildPattern> wild;
    bool takes_back = false;
    bool folders_only = false;
    bool whole_path = false;  ///< else it is matched against the last part
  };
  static std::optional<Rule> parse(std::string_view line);

  std::vector<Rule> rules_;
};

/// Muster's own rules, which come before a file's.
std::string_view own_ignore_rules();

}  // namespace muster::client
