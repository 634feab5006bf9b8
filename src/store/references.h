#pragma once
// Which blobs something refers to: files of snapshots, models and datastores, artifacts of runs. And the snapshots that no run refers to.
// For removing the others.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "store/session.h"

namespace muster::store::references {

/// Whose blobs these are. Their owners have integer keys, which grow.
enum class Owner { run, model_version, snapshot, datastore_file };
inline constexpr Owner kOwners[] = {Owner::run, Owner::model_version, Owner::snapshot, Owner::datastore_file};

/// The highest key of an owner; 0 when there is none.
std::int64_t newest(Session& session, Owner owner);
/// Each blob that owners with keys in (`after`, `up_to`] refer to, some more than once.
void each_blob(Session& session, Owner owner, std::int64_t after, std::int64_t up_to,
               const std::function<void(std::string_view sha256)>& use);

/// When the oldest of the jobs was submitted that have not ended.
std::optional<TimeUs> oldest_active(Session& session);

/// The hashes of the environments that jobs which have not ended were prepared with.
std::set<std::string> environments_in_use(Session& session);

/// Removes at most `limit` snapshots that no run refers to, and that nobody created or asked to create since `unused_since`; how many.
std::int64_t remove_unused_snapshots(Session& session, TimeUs unused_since, int limit);

}  // namespace muster::store::references
