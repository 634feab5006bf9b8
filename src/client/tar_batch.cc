#include "client/tar_batch.h"

#include <archive.h>
#include <archive_entry.h>

#include <stdexcept>

namespace muster::client {
namespace {

la_ssize_t append(archive*, void* target, const void* bytes, std::size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

tl::unexpected<Error> archive_fault(archive* writer) {
  const char* words = archive_error_string(writer);
  return fail(Code::internal, "make an archive: {}", words == nullptr ? "unknown error" : words);
}

}  // namespace

void TarBatch::Free::operator()(archive* writer) const { archive_write_free(writer); }

TarBatch::TarBatch() : writer_(archive_write_new()) {
  if (writer_ == nullptr || archive_write_set_format_ustar(writer_.get()) != ARCHIVE_OK || archive_write_set_bytes_in_last_block(writer_.get(), 1) != ARCHIVE_OK ||
      archive_write_open(writer_.get(), &bytes_, nullptr, &append, nullptr) != ARCHIVE_OK) {
    throw std::runtime_error("libarchive cannot write tar archives");
  }
}

TarBatch::~TarBatch() = default;

Result<void> TarBatch::add(const std::string& name, std::string_view bytes) {
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), &archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  if (archive_write_header(writer_.get(), entry.get()) != ARCHIVE_OK) return archive_fault(writer_.get());
  if (archive_write_data(writer_.get(), bytes.data(), bytes.size()) != static_cast<la_ssize_t>(bytes.size())) return archive_fault(writer_.get());
  return {};
}

Result<std::string> TarBatch::finish() {
  if (archive_write_close(writer_.get()) != ARCHIVE_OK) return archive_fault(writer_.get());
  return std::move(bytes_);
}

}  // namespace muster::client
