#include "api/submission.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "environment/container.h"
#include "environment/mpirun.h"
#include "environment/spec.h"
#include "store/compute_targets.h"
#include "store/runs.h"
#include "store/snapshots.h"

namespace muster::api {
namespace {

constexpr std::size_t kNearNames = 5;

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// Changes that make one name the other (Levenshtein), for names of ordinary length.
std::size_t distance(std::string_view a, std::string_view b) {
  if (a.size() > 255 || b.size() > 255) return SIZE_MAX;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// What the person may have meant: files of that name elsewhere, then those whose name is nearest.
std::string near_files(const model::Snapshot& snapshot, std::string_view script) {
  if (snapshot.files.empty()) return "the snapshot is empty";
  const std::string_view wanted = base_name(script);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const model::SnapshotFile& file : snapshot.files) near.emplace_back(distance(base_name(file.path), wanted), file.path);
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  near.resize(std::min(near.size(), kNearNames));
  std::vector<std::string> names;
  for (const auto& [distance_to, path] : near) names.push_back(path);
  return "the snapshot has " + join(names, ", ") + (snapshot.files.size() > names.size() ? ", …" : "");
}

/// The PATH on which the run will look for programs: the server's, unless the run sets its own.
std::map<std::string, std::string> job_path(const model::RunSpec& spec) {
  for (const auto* variables : {&spec.environment_variables, &spec.environment.variables}) {
    if (const auto path = variables->find("PATH"); path != variables->end()) return {*path};
  }
  const char* own = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  return own == nullptr ? std::map<std::string, std::string>{} : std::map<std::string, std::string>{{"PATH", own}};
}

bool has_file(const model::Snapshot& snapshot, std::string_view path) {
  return std::any_of(snapshot.files.begin(), snapshot.files.end(), [&](const model::SnapshotFile& file) { return file.path == path; });
}

}  // namespace

std::vector<FieldError> submission_faults(const model::RunSpec& spec, const Surroundings& around) {
  std::vector<FieldError> faults;
  if (spec.snapshot_id && !around.snapshot) {
    faults.push_back(
        {"snapshot_id", fmt::format("there is no snapshot {} on the server", *spec.snapshot_id), "upload it with POST snapshots first"});
  } else if (!spec.script.empty() && !around.snapshot) {
    faults.push_back({"script", fmt::format("there is no {}: the run has no snapshot", spec.script), "give `snapshot_id`, or a `command`"});
  } else if (!spec.script.empty() && !has_file(*around.snapshot, spec.script)) {
    faults.push_back({"script", fmt::format("there is no {} in the snapshot", spec.script), near_files(*around.snapshot, spec.script)});
  }
  const bool is_job = spec.kind == model::RunKind::job;
  if (is_job && !around.target) {
    faults.push_back({"compute_target", fmt::format("there is no compute target '{}'", spec.compute_target),
                      fmt::format("there are {}; `muster compute create {} --max-nodes N` makes one", join(around.target_names, ", "),
                                  spec.compute_target)});
  } else if (is_job && spec.node_count > around.target->max_nodes) {
    faults.push_back(
        {"node_count",
         fmt::format("{} nodes are more than {} has (max_nodes is {})", spec.node_count, spec.compute_target, around.target->max_nodes),
         "take fewer, or raise max_nodes"});
  }
  for (FieldError& fault : is_job ? environment::cannot_be_built(spec.environment) : std::vector<FieldError>{}) {
    fault.field = "environment." + fault.field;
    faults.push_back(std::move(fault));
  }
  const bool by_mpirun = spec.distribution && spec.distribution->kind == model::Distribution::Kind::mpi;
  if (by_mpirun && environment::needs_container(spec.environment)) {
    faults.push_back({"distribution", "mpirun starts no ranks in containers, and the environment asks for one",
                      "take an environment without an image, or a PyTorch distribution"});
  }
  if (around.no_mpirun) faults.push_back({"distribution", around.no_mpirun->detail, around.no_mpirun->hint});
  if (spec.parent_run_id && !around.parent) {
    faults.push_back({"parent_run_id", fmt::format("there is no run '{}'", *spec.parent_run_id), ""});
  } else if (spec.parent_run_id && around.parent->deleted_at != 0) {
    faults.push_back({"parent_run_id", fmt::format("the run {} is deleted", around.parent->run_id),
                      fmt::format("bring it back first: `muster run restore {}`", around.parent->run_id)});
  } else if (spec.parent_run_id &&
             (around.parent->status == model::RunStatus::cancel_requested || around.parent->status == model::RunStatus::canceled)) {
    faults.push_back(
        {"parent_run_id",
         fmt::format("the run {} is {}: no run begins below it any more", around.parent->run_id, model::to_string(around.parent->status)),
         "start it without a parent"});
  }
  return faults;
}

Result<void> look_again(store::Session& session, std::int64_t workspace_key, const model::RunSpec& spec, Surroundings& around) {
  if (around.snapshot && !store::snapshots::find(session, workspace_key, *spec.snapshot_id)) around.snapshot.reset();
  const bool is_job = spec.kind == model::RunKind::job;
  if (is_job) around.target = store::compute_targets::find(session, workspace_key, spec.compute_target);
  around.target_names.clear();
  if (is_job && !around.target) {
    MUSTER_TRY_ASSIGN(const auto targets, store::compute_targets::list(session, workspace_key, store::PageRequest{"", 20}));
    for (const model::ComputeTarget& target : targets.items) around.target_names.push_back(target.name);
  }
  if (spec.parent_run_id) around.parent = store::runs::find_by_name(session, workspace_key, *spec.parent_run_id);
  return {};
}

Result<Surroundings> look_around(store::Session& session, std::int64_t workspace_key, const model::RunSpec& spec) {
  Surroundings around;
  if (spec.snapshot_id && !spec.script.empty())
    around.snapshot = store::snapshots::find_with_files(session, workspace_key, *spec.snapshot_id);
  else if (spec.snapshot_id)
    around.snapshot = store::snapshots::find(session, workspace_key, *spec.snapshot_id);
  if (spec.distribution && spec.distribution->kind == model::Distribution::Kind::mpi) {
    const auto mpirun = environment::find_mpirun(job_path(spec));
    if (!mpirun) around.no_mpirun = mpirun.error();
  }
  MUSTER_TRY(look_again(session, workspace_key, spec, around));
  return around;
}

Result<void> check_submission(const model::RunSpec& spec, const Surroundings& around) {
  Error error{Code::invalid, "", "", submission_faults(spec, around)};
  if (error.errors.empty()) return {};
  std::vector<std::string> words;
  for (const FieldError& fault : error.errors) words.push_back(fmt::format("`{}`: {}", fault.field, fault.detail));
  error.detail = "run: " + join(words, "; ");
  error.hint = error.errors.front().hint;
  return tl::unexpected(std::move(error));
}

}  // namespace muster::api
