#pragma once
// What the server calls the files below logs/. Pure, but for being kept in a file.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace muster::runner {

/// A file, whatever it is called at the moment. The number of a removed file is soon another's, which was made later.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t born = 0;  ///< in nanoseconds; 0 where the file system does not say
  auto operator<=>(const FileId&) const = default;
};

/// Names that one path may use up while its run goes on; see LogFollower.
inline constexpr int kMostGenerations = 100;

/// A file keeps the name under which it was first recorded: a log that is rotated (renamed, a new one begun in its place) is recorded once,
/// and the new one goes on under the first free name of the kind "train.log.1". Not thread-safe.
class LogNames {
 public:
  /// The file's name; given to it now if it has none.
  std::string name_of(const FileId& file, const std::string& path);
  /// The file was cut and begins anew: what it holds from now on has a name of its own.
  std::string next_generation(const FileId& file, const std::string& path);
  bool knows(const FileId& file) const { return names_.contains(file); }
  /// The file was removed and sent: its number may come back as another's.
  void forget(const FileId& file) { names_.erase(file); }
  /// How many names have been given to files of that path.
  int generations(const std::string& path) const;
  std::size_t given() const { return used_.size(); }

  /// Another runner that takes over has to give the same names.
  Json to_json() const;
  static Result<LogNames> from_json(const Json& json);

 private:
  std::string give(const FileId& file, const std::string& path);
  std::map<FileId, std::string> names_;
  std::set<std::string> used_;
};

}  // namespace muster::runner
