#pragma once
// Event streams (text/event-stream, WHATWG HTML §9.2): bytes in, events out. Pure.

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace muster::client {

struct ServerEvent {
  std::string name = "message";
  std::string data;  ///< lines joined by '\n'
};

/// Takes the stream in pieces cut anywhere, also inside a character or between '\r' and '\n'. Not thread-safe.
class SseParser {
 public:
  using OnEvent = std::function<Result<void>(ServerEvent)>;

  /// too_large when one event has more than `event_limit` bytes.
  explicit SseParser(std::size_t event_limit = 32u << 20) : event_limit_(event_limit) {}

  /// Calls `on_event` for every event that is now whole; its error ends the feeding and is returned.
  Result<void> feed(std::string_view bytes, const OnEvent& on_event);

 private:
  Result<void> line(std::string_view line, const OnEvent& on_event);

  std::size_t event_limit_;
  std::string partial_;  ///< of a line without its end yet
  ServerEvent event_;
  bool has_data_ = false;
  bool after_carriage_return_ = false;
  bool at_start_ = true;
};

}  // namespace muster::client
