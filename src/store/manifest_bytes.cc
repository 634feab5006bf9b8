#include "store/manifest_bytes.h"

#include <charconv>

#include "store/compressed.h"
#include "store/session.h"

namespace muster::store {
namespace {

[[noreturn]] void damaged_manifest() {
  throw StoreFailure(Error{Code::internal, "database: the manifest of a snapshot is damaged", "", {}});
}

/// Takes what stands before `end` off the front.
std::string_view take(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) damaged_manifest();
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at + 1);
  return part;
}

template <typename T>
T number(std::string_view text) {
  T value{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) damaged_manifest();
  return value;
}

}  // namespace

std::string encode_manifest(const std::vector<model::SnapshotFile>& files) {
  std::string text;
  for (const model::SnapshotFile& file : files) {
    text += fmt::format("{} {} {} {}", file.mode, file.size, file.sha256, file.path);
    text += '\0';
  }
  return compress(text);
}

std::vector<model::SnapshotFile> decode_manifest(std::string_view stored) {
  const std::string text = decompress(stored);
  std::vector<model::SnapshotFile> files;
  for (std::string_view left = text; !left.empty();) {
    model::SnapshotFile& file = files.emplace_back();
    file.mode = number<int>(take(left, ' '));
    file.size = number<std::uint64_t>(take(left, ' '));
    file.sha256 = take(left, ' ');
    file.path = take(left, '\0');
  }
  return files;
}

}  // namespace muster::store
