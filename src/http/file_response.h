#pragma once
// Bytes that lie somewhere as an answer: whole, in part (Range), or not at all because the reader has it (If-None-Match).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_source.h"
#include "http/message.h"

namespace muster::http {

struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
struct RangeChoice {
  enum class Kind { whole, part, unsatisfiable };
  Kind kind = Kind::whole;
  ByteRange range;  ///< for `part`
};

/// What a Range header asks of `size` bytes. Anything but one well-formed byte range is answered with the whole, as RFC 9110 allows.
RangeChoice choose_range(std::string_view header, std::uint64_t size);

/// 200, 206, 304 or 416, by the request's Range, If-Range and If-None-Match. `etag` is without quotes.
Response source_response(const Request& request, std::unique_ptr<ByteSource> source, const std::string& etag,
                         const std::string& content_type);

}  // namespace muster::http
