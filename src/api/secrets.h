#pragma once
// The value of a workspace's secret, for what uses it in the server.

#include <string>
#include <string_view>

#include "base/seal.h"
#include "model/workspace.h"
#include "store/session.h"

namespace muster::api {

inline constexpr std::uint64_t kSecretBytes = 256u << 10;  ///< the request that sets one, its value escaped as JSON may have it

/// not_found when there is none of that name; conflict when the home's key is another than the one that encrypted it.
Result<std::string> secret_value(store::Session& session, const SealingKey& key, const model::Workspace& workspace, std::string_view name);

}  // namespace muster::api
