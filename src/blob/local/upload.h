#pragma once
// One blob on its way in: a file under tmp/, hashed as it is written. Discarded unless it was named.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "base/result.h"
#include "base/stream_hash.h"
#include "blob/local/last_use.h"
#include "blob/local/layout.h"
#include "blob/local/pending.h"

namespace muster::blob {

/// The steps stand in the order in which they must be called. Not thread-safe.
class Upload {
 public:
  static Result<Upload> create(const Layout& layout);
  Upload(Upload&& other) noexcept;
  Upload& operator=(Upload&&) = delete;
  ~Upload();

  Result<void> write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  /// The digest of what was written. Nothing can be written after.
  const std::string& seal();

  Result<void> sync();
  /// Closes the file without syncing it; somebody syncs the whole disk.
  void close() { file_.reset(); }

  /// Gives the bytes their name, hidden for now. False when a durable blob has it already: then there is nothing left to do. A blob of that
  /// name with other bytes was damaged on the disk: it is replaced.
  /// The blob's folder has to be there.
  Result<bool> name(Pending& pending, LastUse& last_use);
  /// The folder is synced: shows the blob. Only from now on may the file under tmp/ go (clear_uploads in layout.cc counts on it).
  void show();
  /// The folder could not be synced: hidden until the store is opened again, which finds the file under tmp/ and syncs everything.
  void give_up();

 private:
  Upload(const Layout& layout, Fd file, std::filesystem::path path);

  bool is_intact(const std::filesystem::path& blob) const;
  Result<void> replace(const std::filesystem::path& damaged) const;

  const Layout* layout_;
  Fd file_;
  std::filesystem::path path_;  ///< "" when there is no file to remove
  StreamHash hash_;
  std::string sha256_;
  std::uint64_t size_ = 0;
  std::uint64_t begun_ = 0;  ///< so much of it the disk was asked to write
  std::optional<Pending::Mark> mark_;
};

}  // namespace muster::blob
