#pragma once
// Content-addressed bytes. A blob exists from the moment commit() returns, whole and durable, or not at all.
// All methods block on the disk (or network) and may be called from any thread; a Writer belongs to one.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_source.h"
#include "base/clock.h"
#include "base/result.h"

namespace muster::blob {

struct BlobInfo {
  std::string sha256;
  std::uint64_t size = 0;
};

/// A blob as list() finds it.
struct StoredBlob {
  std::string sha256;
  std::uint64_t size = 0;
  TimeUs used_at = 0;  ///< when it was stored or asked for; up to kUseResolution too early
};

/// How exactly the last use of a blob is kept.
inline constexpr std::chrono::microseconds kUseResolution = std::chrono::minutes(10);

class BlobStore {
 public:
  virtual ~BlobStore() = default;

  /// An upload in progress; discarded unless committed. Must not outlive the store.
  class Writer {
   public:
    virtual ~Writer() = default;
    virtual Result<void> write(std::string_view bytes) = 0;
    /// Durable when it returns. With `expected` (64 hex) anything else is `invalid` and nothing is kept.
    virtual Result<BlobInfo> commit(std::string_view expected = {}) = 0;
  };
  virtual Result<std::unique_ptr<Writer>> create() = 0;

  struct Bytes {
    std::string sha256;  ///< what they must hash to
    std::string_view bytes;
  };
  /// Many small blobs at the price of few syncs. invalid when one hashes otherwise; on any error some of them may be there, whole.
  virtual Result<void> put_all(const std::vector<Bytes>& blobs) = 0;

  /// False for anything that is not 64 lower-case hex digits, too. Asking is a use, as storing is: who finds a blob may go on to refer to
  /// it.
  virtual bool has(std::string_view sha256) = 0;
  /// not_found when there is none. A use, as has().
  virtual Result<BlobInfo> stat(std::string_view sha256) = 0;
  /// The blob's bytes; they can be read to their end even when it is removed meanwhile. not_found when there is none. Must not outlive the
  /// store.
  virtual Result<std::unique_ptr<ByteSource>> open(std::string_view sha256) = 0;

  /// All blobs whose name begins with this byte, in no order. Those stored or removed meanwhile may be among them or not.
  virtual Result<std::vector<StoredBlob>> list(std::uint8_t first_byte) = 0;
  /// Removes a blob that was of no use from `unused_since` on (at least kUseResolution ago). False: it was, or is not there. Nobody who
  /// finds the blob by has() or stat(), or stores it, loses it to a removal that goes on at the same time.
  virtual Result<bool> remove(std::string_view sha256, TimeUs unused_since) = 0;
};

/// Blobs as files `root`/sha256/ab/cdef…; uploads in progress under `root`/tmp, cleared at start. One process at a time may have `root`
/// open (the server's lock on its home sees to that). Blocks while it makes its folders. The file system must know hard links.
Result<std::unique_ptr<BlobStore>> open_local_blob_store(const std::string& root);

}  // namespace muster::blob
