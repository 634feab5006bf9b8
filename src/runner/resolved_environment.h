#pragma once
// What Python and which packages a run really had.

#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/guarded.h"
#include "base/json.h"

namespace muster::runner {

/// Asks the interpreter once, beside the ranks, and remembers the answer in a file: as long as the folders that it looks for packages in
/// have not changed, the next run on this machine need not ask again.
class ResolvedEnvironment {
 public:
  /// `variables`: as the ranks have them. `cache`: a folder of ours, for all runs of this machine.
  ResolvedEnvironment(std::string interpreter, std::map<std::string, std::string> variables, std::filesystem::path cache);
  ~ResolvedEnvironment();
  ResolvedEnvironment(const ResolvedEnvironment&) = delete;
  ResolvedEnvironment& operator=(const ResolvedEnvironment&) = delete;

  /// {"interpreter", "python_version", "platform", "packages": {name: version}}; waits for the answer, at most some seconds.
  /// {"interpreter", "error"} when the interpreter could not say.
  Json take();

 private:
  void resolve();
  Json ask() const;

  std::string interpreter_;
  std::map<std::string, std::string> variables_;
  std::filesystem::path cache_file_;
  Guarded<Json> answer_;
  std::thread thread_;  ///< none where there was no room for it: then take() asks
};

/// Whether a remembered answer still holds: every folder in it is as it was. Blocks on the disk.
bool still_holds(const Json& remembered);

}  // namespace muster::runner
