#pragma once
// Many small blobs in one request: a tar whose entries are named by their SHA-256.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::api {

struct BatchEntry {
  std::string sha256;
  std::string_view bytes;  ///< in the archive that was read
};

/// malformed for what is not a tar; invalid for an entry that is not a regular file named by 64 lower-case hex digits, or when the entries
/// unpack to more than `limit` bytes. That bytes hash to their name is not checked here. The entries live as long as `tar`.
Result<std::vector<BatchEntry>> read_blob_batch(std::string_view tar, std::size_t limit);

}  // namespace muster::api
