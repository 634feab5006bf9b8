#pragma once
// Small pieces of bytes as one tar archive in memory, by libarchive.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct archive;

namespace muster::client {

/// How many bytes an entry of that size takes in the archive.
constexpr std::uint64_t tar_entry_bytes(std::uint64_t size) { return 512 + (size + 511) / 512 * 512; }

/// Add entries, then take the archive once. Not thread-safe; holds everything in memory.
class TarBatch {
 public:
  TarBatch();
  ~TarBatch();
  TarBatch(const TarBatch&) = delete;
  TarBatch& operator=(const TarBatch&) = delete;

  Result<void> add(const std::string& name, std::string_view bytes);
  Result<std::string> finish();

 private:
  struct Free {
    void operator()(archive* writer) const;
  };
  std::string bytes_;
  std::unique_ptr<archive, Free> writer_;  ///< after bytes_: freeing it may still write there
};

}  // namespace muster::client
