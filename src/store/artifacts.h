#pragma once
// Artifacts: files that a run left or was given, their bytes in the blob store. They belong to an attempt; a run shows for each path that
// of its last attempt.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/artifact.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::artifacts {

/// Gives the run an artifact. conflict when its attempt has one of that path, unless with the same content: then nothing changes.
/// conflict too when the path is a folder of another artifact or lies below one.
Result<model::Artifact> put(Session& session, std::int64_t run_key, const model::Artifact& artifact);

/// What a node found in outputs/ at its end; may be told again. Two nodes that left the same path with different content: the lowest node
/// rank keeps the name, the others' go under outputs/node_<k>/. Returns a warning for each file that did; a repeated call gives none, so
/// keep them in the same transaction.
std::vector<std::string> put_outputs(Session& session, std::int64_t run_key, int attempt, int node_rank,
                                     const std::vector<model::Artifact>& files);

inline constexpr std::int64_t kMostFiles = 500'000;  ///< of one run, over all attempts
/// invalid, naming the limit, when the run has more; for the transaction that adds.
Result<void> check_count(Session& session, std::int64_t run_key, std::int64_t most = kMostFiles);

std::optional<model::Artifact> find(Session& session, std::int64_t run_key, std::string_view path);
/// Those whose path starts with `prefix`, by path.
Result<Page<model::Artifact>> list(Session& session, std::int64_t run_key, std::string_view prefix, const PageRequest& request);

}  // namespace muster::store::artifacts
