#pragma once
// A snapshot's files as bytes in the database: the text that its id is the hash of (docs/formats.md), compressed. A row a file would make a
// table of hundreds of millions of rows out of a few thousand snapshots.

#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"

namespace muster::store {

std::string encode_manifest(const std::vector<model::SnapshotFile>& files);
/// Throws StoreFailure when the bytes are damaged.
std::vector<model::SnapshotFile> decode_manifest(std::string_view stored);

}  // namespace muster::store
