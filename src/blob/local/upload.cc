#include "blob/local/upload.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"

namespace muster::blob {
namespace {

constexpr std::size_t kPiece = 1u << 20;
/// So often the disk is asked to begin with what has come: it writes while the rest comes, and the sync at the end waits for little.
constexpr std::uint64_t kBeginWriting = 8u << 20;

}  // namespace

Result<Upload> Upload::create(const Layout& layout) {
  std::filesystem::path path = layout.uploads() / random_hex(16);
  MUSTER_TRY_ASSIGN(Fd file, open_file(path, O_WRONLY | O_CREAT | O_EXCL, 0444));
  return Upload(layout, std::move(file), std::move(path));
}

Upload::Upload(const Layout& layout, Fd file, std::filesystem::path path)
    : layout_(&layout), file_(std::move(file)), path_(std::move(path)) {}

Upload::Upload(Upload&& other) noexcept
    : layout_(other.layout_),
      file_(std::move(other.file_)),
      path_(std::exchange(other.path_, {})),
      hash_(std::move(other.hash_)),
      sha256_(std::move(other.sha256_)),
      size_(other.size_),
      begun_(other.begun_),
      mark_(std::move(other.mark_)) {}

Upload::~Upload() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> Upload::write(std::string_view bytes) {
  if (auto written = write_all(file_.get(), bytes); !written) {
    written.error().detail = "store a blob in " + layout_->root.string() + ": " + written.error().detail;
    return written;
  }
  hash_.update(bytes);
  size_ += bytes.size();
  if (size_ - begun_ >= kBeginWriting) {
    // Only a hint: what is on the disk is known from sync() alone.
    (void)::sync_file_range(file_.get(), static_cast<off_t>(begun_), static_cast<off_t>(size_ - begun_), SYNC_FILE_RANGE_WRITE);
    begun_ = size_;
  }
  return {};
}

const std::string& Upload::seal() {
  if (sha256_.empty()) sha256_ = hash_.hex();
  return sha256_;
}

Result<void> Upload::sync() {
  // A failed sync is final: the kernel may have dropped the pages. The caller sends the blob anew.
  if (::fdatasync(file_.get()) != 0) return tl::unexpected(system_error("sync a blob in " + layout_->root.string(), errno));
  return {};
}

Result<bool> Upload::name(Pending& pending, LastUse& last_use) {
  const std::filesystem::path target = layout_->file(sha256_);
  struct stat found {};
  bool there = ::stat(target.c_str(), &found) == 0;
  if (there) {
    MUSTER_TRY_ASSIGN(there, last_use.note(sha256_, modified_at(found)));
  }
  const bool intact = there && is_intact(target);
  mark_ = pending.begin(sha256_, [&] { return intact; });
  if (!mark_) return false;
  if (there && !intact) {
    auto replaced = replace(target);
    if (!replaced) mark_.reset();
    return replaced ? Result<bool>(true) : tl::unexpected(replaced.error());
  }
  if (::link(path_.c_str(), target.c_str()) != 0 && errno != EEXIST) {
    const Error error = system_error("name the blob " + target.string(), errno);
    mark_.reset();
    return tl::unexpected(error);
  }
  crash_point("server.blob.named");
  return true;
}

/// By comparing with what was uploaded, which hashes to the name.
bool Upload::is_intact(const std::filesystem::path& blob) const {
  const auto own = open_file(path_, O_RDONLY);
  const auto other = open_file(blob, O_RDONLY);
  if (!own || !other) return false;
  std::string wanted(kPiece, '\0');
  std::string found(kPiece, '\0');
  for (std::uint64_t at = 0;;) {
    const ssize_t size = ::pread(own->get(), wanted.data(), kPiece, static_cast<off_t>(at));
    if (size < 0 || ::pread(other->get(), found.data(), kPiece, static_cast<off_t>(at)) != size) return false;
    if (size == 0) return true;
    const auto length = static_cast<std::size_t>(size);
    if (std::string_view(wanted).substr(0, length) != std::string_view(found).substr(0, length)) return false;
    at += length;
  }
}

/// By a name of its own: the file under tmp/ stays until the blob is shown.
Result<void> Upload::replace(const std::filesystem::path& damaged) const {
  std::filesystem::path other = path_;
  other += ".again";
  if (::link(path_.c_str(), other.c_str()) != 0 || ::rename(other.c_str(), damaged.c_str()) != 0) {
    const Error error = system_error("replace the damaged blob " + damaged.string(), errno);
    ::unlink(other.c_str());
    return tl::unexpected(error);
  }
  log::warning("blob", "{} was damaged on the disk; an upload of the same content has replaced it", damaged.string());
  return {};
}

void Upload::show() {
  if (mark_) mark_->show();
}

void Upload::give_up() {
  if (!mark_) return;
  mark_->keep();
  path_.clear();
}

}  // namespace muster::blob
