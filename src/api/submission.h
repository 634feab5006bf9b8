#pragma once
// What a submitted run names must be there: its snapshot, its parent; of a job its target, with enough nodes, and the script in the
// snapshot. Everything else was checked when the specification was read (model/run.h).

#include <vector>

#include "base/result.h"
#include "model/compute_target.h"
#include "model/run.h"
#include "model/snapshot.h"
#include "store/session.h"

namespace muster::api {

/// Pure: the faults of a specification against what was found. `snapshot` is null when none was found; `targets` are those there are.
struct Surroundings {
  std::optional<model::Snapshot> snapshot;     ///< with its files; of spec.snapshot_id
  std::optional<model::ComputeTarget> target;  ///< of spec.compute_target
  std::vector<std::string> target_names;       ///< for the hint, when there is no such target
  std::optional<model::Run> parent;            ///< of spec.parent_run_id
  std::optional<Error> no_mpirun;              ///< why an MPI run cannot start here
};
std::vector<FieldError> submission_faults(const model::RunSpec& spec, const Surroundings& surroundings);

/// The faults in one error, invalid, with all of them at once.
Result<void> check_submission(const model::RunSpec& spec, const Surroundings& surroundings);

/// Looks everything up. Reads the snapshot's manifest and the folders of PATH: not for the store's writer thread.
Result<Surroundings> look_around(store::Session& session, std::int64_t workspace_key, const model::RunSpec& spec);

/// Looks once more, quickly, for what others may have changed since look_around(): targets, the parent, whether the snapshot is there.
Result<void> look_again(store::Session& session, std::int64_t workspace_key, const model::RunSpec& spec, Surroundings& surroundings);

}  // namespace muster::api
