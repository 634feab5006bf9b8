#pragma once
// The files beside an environment in the cache (cache.h names them), each with what it says. The caller holds the environment's lock
// where it writes.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "environment/builder.h"

namespace muster::environment {

std::filesystem::path beside(const std::filesystem::path& root, const std::string& hash, std::string_view extension);

/// What vouches for an environment: written last, and durable, as is all that it vouches for.
Result<void> write_marker(const std::filesystem::path& root, const Plan& plan, const Description& made);
/// Nothing when there is none, or it is damaged. unavailable: it cannot be read now.
Result<std::optional<Description>> read_marker(const std::filesystem::path& root, const std::string& hash);

bool has_marker(const std::filesystem::path& root, const std::string& hash);

/// How long a build that failed is not tried again by itself.
inline constexpr std::chrono::minutes kFailureHolds{10};

/// Why the last build failed, when it would fail again (invalid: a package that does not exist, an interpreter that is none); other errors
/// are not remembered. That it cannot be written is logged: the build is then tried again.
void remember_failure(const std::filesystem::path& root, const std::string& hash, const Error& error);
/// The error, with when it was and how to try again; nothing when there is none that holds still.
std::optional<Error> remembered_failure(const std::filesystem::path& root, const std::string& hash);
Result<void> forget_failure(const std::filesystem::path& root, const std::string& hash);

/// That it was asked for now. Only pruning goes by it, so that it cannot be noted is no error.
void note_use(const std::filesystem::path& root, const std::string& hash);

/// An environment that is there.
struct Kept {
  std::string hash;
  std::string builder;
  std::string interpreter;
  std::vector<std::string> packages;  ///< "name==version"
  std::uint64_t bytes = 0;            ///< on the disk, when it was built
  TimeUs built_at = 0;
  TimeUs used_at = 0;  ///< the last time that one asked for it
};
/// All that are there, by hash.
Result<std::vector<Kept>> list_kept(const std::filesystem::path& root);

struct PruneRules {
  std::uint64_t most_bytes = UINT64_MAX;             ///< of what stays
  std::optional<std::chrono::seconds> unused_for{};  ///< what was not asked for in this time goes
};
/// From then on it is not there; false when somebody has asked for it since it was listed, and it stays.
Result<bool> take_marker_unless_used(const std::filesystem::path& root, const Kept& listed);

/// Nothing goes that was asked for in this time: a run may have just found it, and start in it.
inline constexpr std::chrono::hours kJustUsed{1};
/// Which are to go: what was unused for too long, then the longest unused until the rest fits. Never one whose hash is in `in_use`. Pure.
std::vector<Kept> to_prune(std::vector<Kept> all, const std::set<std::string>& in_use, const PruneRules& rules, TimeUs now);

}  // namespace muster::environment
