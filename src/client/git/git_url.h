#pragma once
// A repository's address as it may be shown to everybody who sees the run. Pure.

#include <string>
#include <string_view>

namespace muster::client {

/// The address without passwords and tokens: the user part of a URL (over ssh the name stays, it is part of the address), its query and
/// fragment.
/// "" for a URL whose host cannot be told from its secret. A path and user@host:path stay as they are.
/// Vectors: tests/golden/git/urls.json.
std::string without_credentials(std::string_view address);

}  // namespace muster::client
