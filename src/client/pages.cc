#include "client/pages.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace muster::client {

Result<Json> get_list(Api& api, std::string_view path, Query query, const std::string& key, std::size_t limit) {
  constexpr std::size_t kPage = 1000;
  Json entries = Json::array();
  Json next = nullptr;
  while (true) {
    const std::size_t page = limit == 0 ? kPage : std::min(kPage, limit - entries.size());
    Query asked = query;
    asked.emplace_back("limit", std::to_string(page));
    if (next.is_string()) asked.emplace_back("cursor", next.get<std::string>());
    MUSTER_TRY_ASSIGN(Json answer, api.get(path, asked));
    const auto list = answer.find(key);
    if (list == answer.end() || !list->is_array()) return fail(Code::internal, "the server's answer has no `{}`", key);
    for (Json& entry : *list) entries.push_back(std::move(entry));
    const Json before = std::move(next);
    next = member(answer, "next");
    // A page may be empty and have a next one; the same one again would have no end.
    if (!next.is_string() || next == before || (limit != 0 && entries.size() >= limit)) break;
  }
  return Json{{key, std::move(entries)}, {"next", std::move(next)}};
}

}  // namespace muster::client
