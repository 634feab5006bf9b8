#pragma once
// Experiments of a workspace. run_count and last_run_at are kept as runs come and go, so that listing never counts.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "model/experiment.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::experiments {

struct Ensured {
  model::Experiment experiment;
  bool created = false;
};
/// The experiment of that name, made (with `tags`) when there is none. Tags of one that is there stay as they are.
Ensured ensure(Session& session, std::int64_t workspace_key, std::string_view name, TimeUs now, std::string_view by,
               const std::map<std::string, std::string>& tags = {});
std::optional<model::Experiment> find(Session& session, std::int64_t workspace_key, std::string_view name);
/// Newest first.
Result<Page<model::Experiment>> list(Session& session, std::int64_t workspace_key, const PageRequest& request);
/// A value sets the tag, nothing removes it.
void set_tags(Session& session, std::int64_t key, const std::map<std::string, std::optional<std::string>>& patch);

}  // namespace muster::store::experiments
