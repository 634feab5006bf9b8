#pragma once
// MUSTER_HOME/credentials: the token for each server, and its certificate's fingerprint (docs/formats.md, "Credentials, addresses").
// Written by `muster login` and by the server of the home. What cannot be read is an error, and never written over.

#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace muster::client {

/// The token that `home`/credentials keeps for the URL; nothing when it keeps none.
Result<std::optional<std::string>> stored_token(const std::filesystem::path& home, const std::string& url);

/// The fingerprint that `home`/credentials keeps for the URL; "" when it keeps none.
Result<std::string> stored_fingerprint(const std::filesystem::path& home, const std::string& url);

/// Adds or replaces the token for the URL and, when it is given, the fingerprint of its certificate ("": it needs none); the file stays
/// readable by its owner alone. Safe against a kill at any time and other writers, who are waited for (10 s).
Result<void> store_token(const std::filesystem::path& home, const std::string& url, const std::string& token,
                         const std::optional<std::string>& fingerprint = std::nullopt);

/// One JSON object from a small file that people may edit; nothing when there is no file. invalid when it is damaged.
Result<std::optional<Json>> read_object(const std::filesystem::path& path);

}  // namespace muster::client
