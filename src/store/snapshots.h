#pragma once
// Snapshots: manifests of files whose bytes are blobs. Write one only after its blobs are in the blob store.

#include <optional>
#include <string>
#include <string_view>

#include "model/snapshot.h"
#include "store/session.h"

namespace muster::store::snapshots {

/// The snapshot's files as the database keeps them. Compressing a large manifest takes its time: before the write, not in it.
std::string manifest_of(const model::Snapshot& snapshot);
/// Writes the snapshot, or notes its use when the workspace has it; true when it was new. Its id must be that of its files
/// (model::snapshot_id), `manifest` what manifest_of() made of it.
bool ensure(Session& session, std::int64_t workspace_key, const model::Snapshot& snapshot, std::string_view manifest);
/// Somebody who has the snapshot is going to refer to it: it stays for some time at least (store/references.h). False when it is not there.
bool note_use(Session& session, std::int64_t workspace_key, std::string_view snapshot_id, TimeUs now);
/// Without the files: whether it is there and how large it is.
std::optional<model::Snapshot> find(Session& session, std::int64_t workspace_key, std::string_view snapshot_id);
/// With the files, in the manifest's order. Decodes the manifest: for reads alone.
std::optional<model::Snapshot> find_with_files(Session& session, std::int64_t workspace_key, std::string_view snapshot_id);

}  // namespace muster::store::snapshots
