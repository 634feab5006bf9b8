#include "page/bundle.h"

#include <optional>

#include <nlohmann/json.hpp>

#include "base/json.h"

extern "C" {
extern const char muster_page_bundle_begin[];
extern const char muster_page_bundle_end[];
}

namespace muster::page {
namespace {

/// Nothing when the part lies outside.
std::optional<std::string_view> part(std::string_view bytes, const Json& range) {
  if (!range.is_array() || range.size() != 2 || !range[0].is_number_unsigned() || !range[1].is_number_unsigned()) return std::nullopt;
  const auto offset = range[0].get<std::uint64_t>();
  const auto length = range[1].get<std::uint64_t>();
  if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
  return bytes.substr(offset, length);
}

}  // namespace

Result<std::map<std::string, File, std::less<>>> read_bundle(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return fail(Code::invalid, "the page's bundle has no list of its files");
  MUSTER_TRY_ASSIGN(const Json list, parse_json(bytes.substr(0, end)));
  bytes.remove_prefix(end + 1);
  std::map<std::string, File, std::less<>> files;
  for (const Json& one : member(list, "files")) {
    const auto plain = part(bytes, member(one, "plain"));
    const auto gzip = part(bytes, member(one, "gzip"));
    const std::string path = text_at(one, "path");
    if (!plain || !gzip || path.empty()) return fail(Code::invalid, "the page's bundle is cut off, or damaged, at '{}'", path);
    files[path] = {text_at(one, "type"), text_at(one, "sha256"), *plain, *gzip, path.starts_with("assets/")};
  }
  return files;
}

std::string_view embedded_bundle() {
  return {muster_page_bundle_begin, static_cast<std::size_t>(muster_page_bundle_end - muster_page_bundle_begin)};
}

}  // namespace muster::page
