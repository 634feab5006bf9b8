#pragma once
// Bytes as the database keeps them: compressed when that helps.

#include <string>
#include <string_view>

namespace muster::store {

/// One byte of form, then the bytes: 'r' as they are, 'z' zstd. Small input is never compressed. Thread-safe.
std::string compress(std::string_view bytes);
/// Throws StoreFailure when the input is damaged.
std::string decompress(std::string_view stored);

}  // namespace muster::store
