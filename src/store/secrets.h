#pragma once
// The secrets of workspaces, their values encrypted by whoever calls (base/seal.h).

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/seal.h"
#include "model/secret.h"
#include "store/page.h"
#include "store/session.h"

namespace muster::store::secrets {

struct Stored {
  model::Secret secret;
  Sealed value;
};

/// In the place of an earlier one of that name, whose creation it keeps; what is stored now. conflict: the workspace has too many.
Result<model::Secret> put(Session& session, std::int64_t workspace_key, const Stored& stored);
std::optional<Stored> find(Session& session, std::int64_t workspace_key, std::string_view name);
/// By name.
Result<Page<model::Secret>> list(Session& session, std::int64_t workspace_key, const PageRequest& request);
/// False when there is none.
bool remove(Session& session, std::int64_t workspace_key, std::string_view name);

}  // namespace muster::store::secrets
