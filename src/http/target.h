#pragma once
// The request target ("/a/b%20c?x=1"), taken apart. Pure; never trusts the bytes.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace muster::http {

struct Target {
  std::string path;                               ///< decoded, starts with '/'
  std::multimap<std::string, std::string> query;  ///< decoded ('+' is a space); repeated keys in their order
};

/// Takes "/path?query" and "http://host/path?query". malformed for anything else, for a bad escape, and for what decodes to NUL or to bytes
/// that are not UTF-8.
Result<Target> parse_target(std::string_view raw);

/// The path of a target as it was sent, still encoded: what a part is called may have an encoded '/' in it. A view into `raw`.
std::string_view encoded_path(std::string_view raw);

/// The parts between the path's slashes, each decoded. malformed as parse_target() says.
Result<std::vector<std::string>> decoded_parts(std::string_view encoded_path);

}  // namespace muster::http
