#pragma once
// Lists that come in pages.

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "client/server_api.h"

namespace muster::client {

/// The first `limit` entries of a list (all when 0), however many pages that takes: `{key: […], "next": cursor or null}`.
Result<Json> get_list(Api& api, std::string_view path, Query query, const std::string& key, std::size_t limit);

}  // namespace muster::client
