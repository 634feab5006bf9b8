#include "runner/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <unordered_set>

#include "base/file.h"
#include "base/text.h"

namespace muster::runner {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBlockBytes = 256 << 10;

struct Free {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Free>;

/// libarchive turns the archive's names, which are UTF-8, into the thread's locale: for as long as this lives, UTF-8 too.
class Utf8Names {
 public:
  Utf8Names() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(::uselocale(utf8_)) {}
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;
  ~Utf8Names() {
    ::uselocale(before_);
    if (utf8_ != nullptr) ::freelocale(utf8_);
  }

 private:
  locale_t utf8_;  ///< null where there is none: then names in ASCII alone are understood
  locale_t before_;
};

Reader make_reader() {
  Reader reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  return reader;
}

Error damaged(archive* reader) {
  const char* words = archive_error_string(reader);
  return Error{Code::malformed, fmt::format("the archive cannot be read: {}", words == nullptr ? "no reason given" : words), {}, {}};
}

class Unpacker {
 public:
  Unpacker(archive* reader, fs::path folder) : reader_(reader), folder_(std::move(folder)) {}

  Result<std::size_t> run() {
    MUSTER_TRY(make_folders(folder_));
    const Utf8Names utf8_names;
    std::size_t count = 0;
    while (true) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(reader_, &entry);
      if (status == ARCHIVE_EOF) return count;
      if (status != ARCHIVE_OK) return tl::unexpected(damaged(reader_));
      MUSTER_TRY(unpack(entry));
      ++count;
    }
  }

 private:
  Result<void> unpack(archive_entry* entry) {
    const char* raw = archive_entry_pathname(entry);
    const std::string path = raw == nullptr ? "" : raw;
    if (!is_safe_relative_path(path))
      return fail(Code::malformed, "the archive holds the path '{}', which leads out of the folder", to_utf8(path));
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr) {
      return fail(Code::malformed, "the archive's entry '{}' is not a regular file", path);
    }
    const fs::path target = folder_ / path;
    if (folders_.insert(target.parent_path().string()).second) MUSTER_TRY(make_folders(target.parent_path()));
    const unsigned mode = (archive_entry_perm(entry) & S_IXUSR) != 0 ? 0755 : 0644;
    MUSTER_TRY_ASSIGN(const Fd file, open_file(target, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    return copy_to(file.get(), target);
  }

  Result<void> copy_to(int fd, const fs::path& target) {
    while (true) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int status = archive_read_data_block(reader_, &block, &size, &offset);
      if (status == ARCHIVE_EOF) return {};
      if (status != ARCHIVE_OK) return tl::unexpected(damaged(reader_));
      auto written = write_all(fd, {static_cast<const char*>(block), size});
      if (!written) {
        written.error().detail = fmt::format("{} ({})", written.error().detail, target.string());
        return written;
      }
    }
  }

  archive* reader_;
  fs::path folder_;
  std::unordered_set<std::string> folders_;  ///< those that are there
};

}  // namespace

Result<std::size_t> unpack_tar(int fd, const fs::path& folder) {
  const Reader reader = make_reader();
  if (archive_read_open_fd(reader.get(), fd, kBlockBytes) != ARCHIVE_OK) return tl::unexpected(damaged(reader.get()));
  return Unpacker(reader.get(), folder).run();
}

Result<std::size_t> unpack_tar(std::string_view bytes, const fs::path& folder) {
  const Reader reader = make_reader();
  if (archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) return tl::unexpected(damaged(reader.get()));
  return Unpacker(reader.get(), folder).run();
}

}  // namespace muster::runner
