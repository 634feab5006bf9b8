#include "api/blob_batch.h"

#include <archive.h>
#include <archive_entry.h>

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
  return fail_hint(Code::malformed, "send an uncompressed tar archive", "the body is not a tar archive: {}", to_utf8(words != nullptr ? words : "unknown format"));
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
      return fail(Code::invalid, "the entry '{}' is not a file named by its SHA-256 (64 lower-case hex digits)", to_utf8(name != nullptr ? name : "").substr(0, 200));
    }
    const auto size = static_cast<std::uint64_t>(archive_entry_size(entry));
    if (size > limit - total) return fail(Code::invalid, "the entries unpack to more than {}", human_size(limit));
    total += size;
    BatchEntry& one = entries.emplace_back(BatchEntry{name, std::string(size, '\0')});
    const la_ssize_t got = archive_read_data(reader.get(), one.bytes.data(), one.bytes.size());
    if (got < 0 || static_cast<std::uint64_t>(got) != size) return not_a_tar(reader.get());
  }
}

}  // namespace muster::api
