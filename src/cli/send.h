#pragma once
// Files of this machine to the server: hashed, and sent where it does not have their bytes.

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"
#include "cli/context.h"

namespace muster::cli {

/// What a folder's files are called: with the folder's own name in front ("birds/a.jpg"), or without ("a.jpg").
enum class Naming { with_folder, within_folder };

/// [{"path", "sha256", "size"}] of a file, or of all files of a folder, whose bytes the server then has. `what` names the path in errors.
/// Blocks; shows progress. What an interrupted call has sent is not sent again.
Result<Json> send_files(Context& context, client::Api& api, const std::string& path, std::string_view what, Naming naming);

}  // namespace muster::cli
