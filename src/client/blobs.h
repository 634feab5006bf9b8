#pragma once
// Content-addressed bytes, client side: ask what is missing, send it.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/server_api.h"

namespace muster::client {

/// A file whose bytes are known by their hash.
struct BlobFile {
  std::string sha256;
  std::uint64_t size = 0;
  std::filesystem::path path;
};

/// Those of the hashes that the server does not have. Asks in pieces that the API allows.
Result<std::vector<std::string>> missing_blobs(Api& api, const std::vector<std::string>& sha256);

/// Bytes sent so far; called from several threads, one at a time.
using OnBytes = std::function<void(std::uint64_t bytes)>;

/// A file that is not what was hashed; called from several threads, one at a time.
using OnChanged = std::function<void(const BlobFile& file)>;

/// Sends the files, small ones together as tar archives, large ones each by itself, over two connections at once.
/// Reads each file once more than its hashing did: one that changed since, or cannot be read any more, is left out and given to
/// `on_changed`; without that it is refused (invalid, naming it). First error wins; the rest is given up.
Result<void> upload_blobs(Api& api, const std::vector<BlobFile>& files, const OnBytes& on_bytes = {}, const OnChanged& on_changed = {});

}  // namespace muster::client
