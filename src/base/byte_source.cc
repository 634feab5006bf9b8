#include "base/byte_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace muster {
namespace {

class FileSource final : public ByteSource {
 public:
  FileSource(Fd file, std::uint64_t size, std::string name) : file_(std::move(file)), size_(size), name_(std::move(name)) {}

  std::uint64_t size() const override { return size_; }

  Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override {
    const std::size_t wanted = offset >= size_ ? 0 : static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), size_ - offset));
    std::size_t filled = 0;
    while (filled < wanted) {
      const ssize_t n = ::pread(file_.get(), into.data() + filled, wanted - filled, static_cast<off_t>(offset + filled));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return tl::unexpected(system_error("read " + name_, errno));
      if (n == 0) break;  // the file has become shorter
      filled += static_cast<std::size_t>(n);
    }
    return filled;
  }

  int descriptor() const override { return file_.get(); }

 private:
  Fd file_;
  std::uint64_t size_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ByteSource> file_source(Fd file, std::uint64_t size, std::string name) {
  return std::make_unique<FileSource>(std::move(file), size, std::move(name));
}

}  // namespace muster
