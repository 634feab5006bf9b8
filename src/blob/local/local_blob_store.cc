#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/folder_list.h"
#include "base/hash.h"
#include "base/text.h"
#include "blob/blob_store.h"
#include "blob/local/last_use.h"
#include "blob/local/layout.h"
#include "blob/local/pending.h"
#include "blob/local/upload.h"

namespace muster::blob {
namespace {

// A sync waits for the disk's cache to be flushed, one file or all. From this many blobs on, the whole disk is synced twice instead of each
// file and folder once: 2 flushes in place of up to 2n, at the risk of waiting for what others have written.
constexpr std::size_t kSyncDiskFrom = 8;
constexpr std::string_view kOfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Error wrong_hash(std::string_view expected, std::string_view found) {
  return Error{Code::invalid,
               fmt::format("the bytes hash to {}, not to {}", found, expected),
               "send the blob again; if that fails too, its file is being changed",
               {}};
}

Error no_blob(std::string_view sha256) {
  return Error{Code::not_found, fmt::format("there is no blob {}", to_utf8(sha256.substr(0, 64))), "", {}};
}

class LocalBlobStore final : public BlobStore {
 public:
  LocalBlobStore(Layout layout, Fd root) : layout_(std::move(layout)), root_(std::move(root)) {}

  Result<std::unique_ptr<Writer>> create() override {
    MUSTER_TRY_ASSIGN(Upload upload, Upload::create(layout_));
    return std::make_unique<LocalWriter>(*this, std::move(upload));
  }

  Result<void> put_all(const std::vector<Bytes>& blobs) override {
    const bool whole_disk = blobs.size() >= kSyncDiskFrom;
    // Opened before anything is written, so that syncing it reports whatever went wrong since.
    MUSTER_TRY_ASSIGN(const Fd disk, open_file(layout_.root, O_RDONLY | O_DIRECTORY));
    std::vector<Upload> uploads;
    for (const Bytes& blob : blobs) {
      if (is_intact(blob)) continue;
      MUSTER_TRY_ASSIGN(Upload upload, Upload::create(layout_));
      MUSTER_TRY(upload.write(blob.bytes));
      if (upload.seal() != blob.sha256) return tl::unexpected(wrong_hash(blob.sha256, upload.seal()));
      if (!whole_disk) MUSTER_TRY(upload.sync());
      upload.close();
      uploads.push_back(std::move(upload));
    }
    if (uploads.empty()) return {};
    if (!whole_disk) return publish(uploads, [this](const Folders& folders) { return sync_folders(folders); });
    MUSTER_TRY(sync_disk(disk));
    return publish(uploads, [&](const Folders&) { return sync_disk(disk); });
  }

  bool has(std::string_view sha256) override { return stat(sha256).has_value(); }

  Result<BlobInfo> stat(std::string_view sha256) override {
    if (!is_sha256(sha256) || pending_.has(sha256)) return tl::unexpected(no_blob(sha256));
    struct stat found {};
    // From the root on and without a path object: a manifest of 100,000 files asks as often.
    if (::fstatat(root_.get(), Layout::name(sha256).c_str(), &found, 0) != 0) {
      if (errno == ENOENT) return tl::unexpected(no_blob(sha256));
      return tl::unexpected(system_error("look at " + layout_.file(sha256).string(), errno));
    }
    // What a power cut can make of a file is no blob: it is uploaded again.
    if (found.st_size == 0 && sha256 != kOfNothing) return tl::unexpected(no_blob(sha256));
    MUSTER_TRY_ASSIGN(const bool there, last_use_.note(sha256, modified_at(found)));
    if (!there) return tl::unexpected(no_blob(sha256));
    return BlobInfo{std::string(sha256), static_cast<std::uint64_t>(found.st_size)};
  }

  Result<std::unique_ptr<ByteSource>> open(std::string_view sha256) override {
    if (!is_sha256(sha256) || pending_.has(sha256)) return tl::unexpected(no_blob(sha256));
    auto file = open_file(layout_.file(sha256), O_RDONLY);
    if (!file) return tl::unexpected(file.error().code == Code::not_found ? no_blob(sha256) : file.error());
    struct stat found {};
    if (::fstat(file->get(), &found) != 0) return tl::unexpected(system_error("look at " + layout_.file(sha256).string(), errno));
    return file_source(std::move(*file), static_cast<std::uint64_t>(found.st_size), fmt::format("the blob {}", sha256));
  }

  Result<std::vector<StoredBlob>> list(std::uint8_t first_byte) override {
    const std::string prefix = fmt::format("{:02x}", first_byte);
    MUSTER_TRY_ASSIGN(const std::vector<std::string> names, list_if_there(layout_.folder(prefix)));
    std::vector<StoredBlob> blobs;
    for (const std::string& name : names) {
      StoredBlob blob{prefix + name, 0, 0};
      struct stat found {};
      if (!is_sha256(blob.sha256) || ::fstatat(root_.get(), Layout::name(blob.sha256).c_str(), &found, 0) != 0) continue;
      blob.size = static_cast<std::uint64_t>(found.st_size);
      blob.used_at = modified_at(found);
      blobs.push_back(std::move(blob));
    }
    return blobs;
  }

  Result<bool> remove(std::string_view sha256, TimeUs unused_since) override {
    if (!is_sha256(sha256)) return false;
    return last_use_.remove_unless_used(sha256, unused_since);
  }

 private:
  using Folders = std::set<std::filesystem::path>;

  class LocalWriter final : public Writer {
   public:
    LocalWriter(LocalBlobStore& store, Upload upload) : store_(store), upload_(std::move(upload)) {}

    Result<void> write(std::string_view bytes) override {
      auto written = upload_.write(bytes);
      if (!written) failure_ = written.error();
      return written;
    }

    Result<BlobInfo> commit(std::string_view expected) override {
      if (failure_) return tl::unexpected(*failure_);
      const BlobInfo info{upload_.seal(), upload_.size()};
      if (!expected.empty() && expected != info.sha256) return tl::unexpected(wrong_hash(expected, info.sha256));
      MUSTER_TRY(upload_.sync());
      upload_.close();
      std::vector<Upload> one;
      one.push_back(std::move(upload_));
      MUSTER_TRY(store_.publish(one, [this](const Folders& folders) { return store_.sync_folders(folders); }));
      return info;
    }

   private:
    LocalBlobStore& store_;
    Upload upload_;
    std::optional<Error> failure_;  // bytes are missing: must never be committed
  };

  bool is_intact(const Bytes& blob) {
    const auto info = stat(blob.sha256);
    if (!info || info->size != blob.bytes.size()) return false;
    const auto there = read_file(layout_.file(blob.sha256), info->size);
    return there && *there == blob.bytes;
  }

  /// Names uploads whose bytes are on disk, syncs their folders with `sync`, then shows them.
  template <typename Sync>
  Result<void> publish(std::vector<Upload>& uploads, Sync&& sync) {
    Folders folders;
    Result<void> outcome;
    for (Upload& upload : uploads) {
      const std::filesystem::path folder = layout_.folder(upload.seal());
      if (!durable(folder)) outcome = make_folders(folder);
      if (!outcome) break;
      const Result<bool> named = upload.name(pending_, last_use_);
      if (!named) {
        outcome = tl::unexpected(named.error());
        break;  // those named so far go on to be durable: they are there now
      }
      if (*named) folders.insert(folder);
    }
    if (folders.empty()) return outcome;
    if (auto synced = sync(folders); !synced) {
      for (Upload& upload : uploads) upload.give_up();
      return synced;
    }
    for (const std::filesystem::path& folder : folders) durable(folder) = true;
    for (Upload& upload : uploads) upload.show();
    return outcome;
  }

  /// The names in the folders, and the folders' own names in their parent: another thread may have made one and not synced it yet.
  Result<void> sync_folders(const Folders& folders) {
    for (const std::filesystem::path& folder : folders) MUSTER_TRY(sync_folder(folder));
    return sync_fan(folders);
  }

  Result<void> sync_fan(const Folders& folders) {
    bool new_ones = false;
    for (const std::filesystem::path& folder : folders) new_ones |= !durable(folder);
    return new_ones ? sync_folder(layout_.fan()) : Result<void>{};
  }

  std::atomic<bool>& durable(const std::filesystem::path& folder) { return durable_[std::stoul(folder.filename().string(), nullptr, 16)]; }

  Result<void> sync_disk(const Fd& disk) {
    if (::syncfs(disk.get()) != 0) return tl::unexpected(system_error("sync " + layout_.root.string(), errno));
    return {};
  }

  const Layout layout_;
  const Fd root_;
  Pending pending_;
  LastUse last_use_{root_};
  std::array<std::atomic<bool>, 256> durable_{};  ///< folders that are there, their own names on disk
};

}  // namespace

Result<std::unique_ptr<BlobStore>> open_local_blob_store(const std::string& root) {
  Layout layout{root};
  MUSTER_TRY(prepare(layout));
  MUSTER_TRY_ASSIGN(Fd folder, open_file(layout.root, O_RDONLY | O_DIRECTORY));
  return std::make_unique<LocalBlobStore>(std::move(layout), std::move(folder));
}

}  // namespace muster::blob
