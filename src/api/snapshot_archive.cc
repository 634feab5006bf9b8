#include "api/snapshot_archive.h"

#include <stdexcept>

#include "base/tar.h"

namespace muster::api {
namespace {

constexpr std::size_t kArchivePieceBytes = 256u << 10;

class SnapshotArchive final : public http::StreamSource {
 public:
  SnapshotArchive(blob::BlobStore& blobs, model::Snapshot snapshot) : blobs_(blobs), snapshot_(std::move(snapshot)) {}

  void on_ready(std::function<void()>) override {}  // there is always something to send

  std::optional<std::string> pull() override {
    if (ended_) return std::nullopt;
    std::string piece;
    while (piece.size() < kArchivePieceBytes && !ended_) {
      if (open_)
        append_bytes(piece);
      else if (next_ < snapshot_.files.size())
        begin_file(piece);
      else
        end(piece);
    }
    return piece;
  }

 private:
  void begin_file(std::string& piece) {
    const model::SnapshotFile& file = snapshot_.files[next_++];
    auto opened = blobs_.open(file.sha256);
    if (!opened) throw std::runtime_error(fmt::format("snapshot {}: {}: {}", snapshot_.snapshot_id, file.path, opened.error().detail));
    piece += tar_header(file.path, file.size, static_cast<unsigned>(file.mode));
    open_ = std::move(*opened);
    left_ = file.size;
    size_ = file.size;
  }

  void append_bytes(std::string& piece) {
    const std::size_t had = piece.size();
    piece.resize(had + static_cast<std::size_t>(std::min<std::uint64_t>(left_, kArchivePieceBytes)));
    const auto got = open_->read(size_ - left_, std::span(piece).subspan(had));
    if (!got || *got < piece.size() - had)
      throw std::runtime_error(fmt::format("snapshot {}: a blob cannot be read to its end", snapshot_.snapshot_id));
    left_ -= *got;
    if (left_ > 0) return;
    piece.append(tar_padding(size_), '\0');
    open_.reset();
  }

  void end(std::string& piece) {
    piece.append(kTarEndBytes, '\0');
    ended_ = true;
  }

  blob::BlobStore& blobs_;
  const model::Snapshot snapshot_;
  std::size_t next_ = 0;
  std::unique_ptr<ByteSource> open_;
  std::uint64_t left_ = 0;  ///< of the open blob
  std::uint64_t size_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<http::StreamSource> snapshot_archive(blob::BlobStore& blobs, model::Snapshot snapshot) {
  return std::make_unique<SnapshotArchive>(blobs, std::move(snapshot));
}

}  // namespace muster::api
