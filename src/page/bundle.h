#pragma once
// The page's files as web/tools/pack.mjs packs them: one line of JSON that says what there is, then the bytes. Pure.

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::page {

struct File {
  std::string content_type;
  std::string etag;  ///< without quotes
  std::string_view plain;
  std::string_view gzip;  ///< the same, compressed
  bool lasts = false;     ///< its name changes with its content
};

/// By path ("index.html", "assets/…"); the views are into `bytes`. invalid when they are no bundle.
Result<std::map<std::string, File, std::less<>>> read_bundle(std::string_view bytes);

/// The one that was built into this program.
std::string_view embedded_bundle();

}  // namespace muster::page
