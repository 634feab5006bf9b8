#pragma once
// Which paths a pattern means: "train/*.jpg", "**/labels.csv", "train/**", "train". Pure.

#include <string_view>

namespace muster {

/// `*` and `?` stand for what is in one part of a path, `**` as a whole part for any number of parts, none too. A pattern without any of
/// these is the path of a file, or of a folder with all that is below it.
bool path_matches(std::string_view pattern, std::string_view path);

}  // namespace muster
