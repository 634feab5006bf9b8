#pragma once
// The files of datastores, by path. Write one only after its blob is in the blob store.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/datastore_file.h"
#include "model/run_input.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::datastores {

/// Writes the file, in the place of one that is there. conflict when another is a folder of this path, or below it.
Result<void> put(Session& session, std::int64_t workspace_key, std::string_view datastore, const model::DatastoreFile& file);

std::optional<model::DatastoreFile> find(Session& session, std::int64_t workspace_key, std::string_view datastore, std::string_view path);
/// Those whose path starts with `prefix`, by path.
Result<Page<model::DatastoreFile>> list(Session& session, std::int64_t workspace_key, std::string_view datastore, std::string_view prefix,
                                        const PageRequest& request);
/// The file of that path, else all below the folder, at most `most` and one; all there are when `path` is "".
std::vector<model::DatastoreFile> at_or_below(Session& session, std::int64_t workspace_key, std::string_view datastore,
                                              std::string_view path, std::size_t most);
/// Removes the file of that path, or all below the folder; how many.
std::int64_t remove(Session& session, std::int64_t workspace_key, std::string_view datastore, std::string_view path);

/// Keeps the snapshots of a run's inputs for as long as the run is there.
void keep_inputs(Session& session, std::int64_t workspace_key, std::int64_t run_key, const model::RunInputs& inputs);

}  // namespace muster::store::datastores
