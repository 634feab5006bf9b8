#include "blob/local/upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/crash_point.h"
#include "base/file.h"
#include "base/id.h"

namespace muster::blob {

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

Result<bool> Upload::name(Pending& pending) {
  const std::filesystem::path target = layout_->file(sha256_);
  mark_ = pending.begin(sha256_, [&] { return ::access(target.c_str(), F_OK) == 0; });
  if (!mark_) return false;
  if (::link(path_.c_str(), target.c_str()) != 0 && errno != EEXIST) {
    const Error error = system_error("name the blob " + target.string(), errno);
    mark_.reset();
    return tl::unexpected(error);
  }
  crash_point("server.blob.named");
  return true;
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
