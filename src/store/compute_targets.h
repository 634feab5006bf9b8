#pragma once
// Compute targets as they were defined. What their nodes do now is the scheduler's.

#include <optional>
#include <string_view>

#include "model/compute_target.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::compute_targets {

/// conflict when the workspace has one of that name. The target with its key.
Result<model::ComputeTarget> create(Session& session, std::int64_t workspace_key, model::ComputeTarget target);
std::optional<model::ComputeTarget> find(Session& session, std::int64_t workspace_key, std::string_view name);
/// Newest first.
Result<Page<model::ComputeTarget>> list(Session& session, std::int64_t workspace_key, const PageRequest& request);
/// Every target of every workspace, for the scheduler's start.
std::vector<model::ComputeTarget> all(Session& session);
/// Writes what can be changed: min_nodes, max_nodes, idle_seconds_before_scaledown, engine_options.
void update(Session& session, const model::ComputeTarget& target);
/// conflict while runs that have not ended name it, or when it is `local`; not_found when there is none.
Result<void> remove(Session& session, std::int64_t workspace_key, std::string_view name);

}  // namespace muster::store::compute_targets
