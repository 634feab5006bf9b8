#include "api/log_event.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace muster::api {
std::string event_text(std::string_view name, const Json& data) { return fmt::format("event: {}\ndata: {}\n\n", name, dump_json(data)); }

std::size_t without_begun_character(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? bytes.size() - back : bytes.size();
  }
  return bytes.size();
}

std::string log_event_text(const store::LogInfo& log, std::uint64_t offset, TimeUs time, std::string bytes) {
  Json data{{"path", log.id.path},
            {"offset", offset},
            {"attempt", log.id.attempt},
            {"node_rank", log.id.node_rank},
            {"rank", log.rank ? Json(*log.rank) : Json()},
            {"time", time_to_json(time)}};
  if (is_utf8(bytes))
    data["text"] = std::move(bytes);
  else
    data["base64"] = base64(bytes);
  return event_text("log", data);
}

}  // namespace muster::api
