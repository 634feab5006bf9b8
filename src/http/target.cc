#include "http/target.h"

#include "base/text.h"

namespace muster::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { literal, space };

Result<std::string> decode(std::string_view raw, Plus plus, std::string_view what) {
  std::string text;
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '+' && plus == Plus::space) {
      text += ' ';
    } else if (raw[i] != '%') {
      text += raw[i];
    } else {
      const int high = i + 1 < raw.size() ? hex_digit(raw[i + 1]) : -1;
      const int low = i + 2 < raw.size() ? hex_digit(raw[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail_hint(Code::malformed, "write a literal % as %25", "the {} has a % that two hex digits do not follow", what);
      }
      text += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (text.find('\0') != std::string::npos) return fail(Code::malformed, "the {} has a NUL byte", what);
  if (!is_utf8(text)) return fail(Code::malformed, "the {} is not UTF-8", what);
  return text;
}

/// What a proxy is sent: the path begins after the authority.
std::string_view without_origin(std::string_view raw) {
  const std::size_t scheme = raw.find("://");
  if (raw.starts_with('/') || scheme == std::string_view::npos || scheme > raw.find('/')) return raw;
  const std::size_t path = raw.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : raw.substr(path);
}

}  // namespace

Result<Target> parse_target(std::string_view raw) {
  raw = without_origin(raw);
  const std::size_t mark = raw.find('?');
  if (!raw.starts_with('/')) return fail(Code::malformed, "the request's path does not start with '/'");
  Target target;
  MUSTER_TRY_ASSIGN(target.path, decode(raw.substr(0, mark), Plus::literal, "path"));
  if (mark == std::string_view::npos) return target;
  for (const std::string_view pair : split(raw.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    MUSTER_TRY_ASSIGN(std::string key, decode(pair.substr(0, equals), Plus::space, "query"));
    MUSTER_TRY_ASSIGN(std::string value, decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), Plus::space, "query"));
    target.query.emplace(std::move(key), std::move(value));
  }
  return target;
}

std::string_view encoded_path(std::string_view raw) {
  raw = without_origin(raw);
  return raw.substr(0, raw.find('?'));
}

Result<std::vector<std::string>> decoded_parts(std::string_view encoded_path) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(encoded_path.starts_with('/') ? encoded_path.substr(1) : encoded_path, '/')) {
    MUSTER_TRY_ASSIGN(std::string text, decode(part, Plus::literal, "path"));
    parts.push_back(std::move(text));
  }
  return parts;
}

}  // namespace muster::http
