#include "api/blob_batch.h"

#include <archive.h>
#include <archive_entry.h>

#include <functional>
#include <memory>

#include "base/hash.h"
#include "base/text.h"

namespace muster::api {
namespace {

struct CloseArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

tl::unexpected<Error> not_a_tar(archive* reader) {
  const char* words = archive_error_string(reader);
  return fail_hint(Code::malformed, "send an uncompressed tar archive", "the body is not a tar archive: {}",
                   to_utf8(words != nullptr ? words : "unknown format"));
}

/// The entry's bytes where they lie in `tar`: an uncompressed archive in memory is handed out in place, an entry at a time.
Result<std::string_view> bytes_of_entry(archive* reader, std::uint64_t size, std::string_view tar) {
  if (size == 0) return std::string_view();
  const void* block = nullptr;
  std::size_t length = 0;
  la_int64_t offset = 0;
  if (archive_read_data_block(reader, &block, &length, &offset) != ARCHIVE_OK) return not_a_tar(reader);
  const std::string_view bytes(static_cast<const char*>(block), length);
  const std::less_equal<const char*> before_or_at;
  const bool in_place = before_or_at(tar.data(), bytes.data()) && before_or_at(bytes.data() + bytes.size(), tar.data() + tar.size());
  if (!in_place || offset != 0 || length != size) {
    return fail_hint(Code::malformed, "send an uncompressed tar archive",
                     "the bytes of an entry do not lie in one piece: the archive is cut short, or has sparse files");
  }
  return bytes;
}

}  // namespace

Result<std::vector<BatchEntry>> read_blob_batch(std::string_view tar, std::size_t limit) {
  const std::unique_ptr<archive, CloseArchive> reader(archive_read_new());
  if (!reader) return fail(Code::internal, "no memory to read an archive");
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  if (archive_read_open_memory(reader.get(), tar.data(), tar.size()) != ARCHIVE_OK) return not_a_tar(reader.get());
  std::vector<BatchEntry> entries;
  std::size_t total = 0;
  while (true) {
    archive_entry* entry = nullptr;
    const int next = archive_read_next_header(reader.get(), &entry);
    if (next == ARCHIVE_EOF) return entries;
    if (next != ARCHIVE_OK) return not_a_tar(reader.get());
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || archive_entry_filetype(entry) != AE_IFREG || !is_sha256(name)) {
      return fail(Code::invalid, "the entry '{}' is not a file named by its SHA-256 (64 lower-case hex digits)",
                  to_utf8(name != nullptr ? name : "").substr(0, 200));
    }
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
    if (size > limit - total) return fail(Code::invalid, "the entries unpack to more than {}", human_size(limit));
    total += size;
    std::string sha256 = name;
    MUSTER_TRY_ASSIGN(const std::string_view bytes, bytes_of_entry(reader.get(), size, tar));
    entries.push_back({std::move(sha256), bytes});
  }
}

}  // namespace muster::api
