#include "client/sse_parser.h"

#include "base/text.h"

namespace muster::client {

Result<void> SseParser::feed(std::string_view bytes, const OnEvent& on_event) {
  // A '\n' right after a '\r' belongs to the same line end, also when the pieces were cut between the two.
  if (after_carriage_return_ && !bytes.empty()) {
    after_carriage_return_ = false;
    if (bytes.front() == '\n') bytes.remove_prefix(1);
  }
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    partial_ += bytes.substr(0, end);
    if (partial_.size() + event_.data.size() > event_limit_) {
      return fail(Code::too_large, "one event of the server's stream is larger than {}", human_size(event_limit_));
    }
    if (end == std::string_view::npos) return {};
    const bool carriage_return = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (carriage_return && bytes.empty()) after_carriage_return_ = true;
    if (carriage_return && !bytes.empty() && bytes.front() == '\n') bytes.remove_prefix(1);

    std::string whole;
    whole.swap(partial_);
    std::string_view text = whole;
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (at_start_ && text.substr(0, 3) == kByteOrderMark) text.remove_prefix(3);
    at_start_ = false;
    MUSTER_TRY(line(text, on_event));
  }
  return {};
}

Result<void> SseParser::line(std::string_view text, const OnEvent& on_event) {
  if (text.empty()) {
    ServerEvent event;
    std::swap(event, event_);
    const bool whole = std::exchange(has_data_, false);
    return whole ? on_event(std::move(event)) : Result<void>{};
  }
  const std::size_t colon = text.find(':');
  if (colon == 0) return {};  // a comment: the connection is alive
  const std::string_view field = text.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field == "event") {
    event_.name = value;
  } else if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  }
  return {};
}

}  // namespace muster::client
