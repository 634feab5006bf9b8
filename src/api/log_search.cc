#include <nlohmann/json.hpp>

#include "api/line_search.h"
#include "api/query.h"
#include "api/resources.h"
#include "api/run_log.h"
#include "base/text.h"

namespace muster::api {
namespace {

/// What one request looks at: a client that goes away has cost no more.
constexpr std::uint64_t kMostSearched = 256u << 20;
constexpr std::chrono::seconds kLongestSearch{2};
constexpr std::size_t kMostContext = 50;

/// "offset:line:line_begin"; nothing when it is not one.
std::optional<SearchPlace> place_from(std::string_view cursor) {
  const auto parts = split(cursor, ':');
  std::int64_t numbers[3] = {};
  if (parts.size() != 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    if (!parse_int64(parts[i], numbers[i]) || numbers[i] < 0) return std::nullopt;
  }
  return SearchPlace{static_cast<std::uint64_t>(numbers[0]), static_cast<std::uint64_t>(numbers[1]),
                     static_cast<std::uint64_t>(numbers[2])};
}

Json found_json(const FoundLine& found) {
  return {{"line", found.line}, {"offset", found.offset}, {"parts", Json::array({found.parts[0], found.parts[1], found.parts[2]})},
          {"cut", found.cut},   {"before", found.before}, {"after", found.after}};
}

Result<http::Response> search_log(Call& call) {
  QueryReader query(call.request);
  const std::string path = query.required_text("path");
  const std::string text = query.required_text("pattern");
  const auto attempt = query.integer("attempt", 1, INT32_MAX);
  const auto node_rank = query.integer("node_rank", 0, INT32_MAX);
  const auto kind = query.flag("literal") ? LinePattern::Kind::literal : LinePattern::Kind::expression;
  const auto letters = query.flag("ignore_case") ? LinePattern::Case::ignored : LinePattern::Case::matters;
  SearchWishes wishes;
  wishes.context = static_cast<std::size_t>(query.integer("context", 0, kMostContext).value_or(0));
  const store::PageRequest page = query.page();
  wishes.most = static_cast<std::size_t>(page.limit);
  SearchPlace from;
  if (!page.cursor.empty()) {
    const auto place = place_from(page.cursor);
    if (!place) query.fault("cursor", "is not one that a search has given");
    from = place.value_or(SearchPlace{});
  }
  MUSTER_TRY(query.finish());
  MUSTER_TRY_ASSIGN(const LinePattern pattern, LinePattern::create(text, kind, letters));
  MUSTER_TRY_ASSIGN(const store::runs::Brief run, run_of(call));
  MUSTER_TRY_ASSIGN(const store::LogInfo log, run_log(call, run, path, static_cast<int>(attempt.value_or(run.attempt)), node_rank));
  MUSTER_TRY_ASSIGN(Fd file, call.services.logs.open(log.id));
  const auto source = file_source(std::move(file), log.size, "the log " + log.id.path);
  const Clock& clock = call.services.clock;
  wishes.enough = [&clock, until = clock.steady() + kLongestSearch](std::uint64_t looked_at) {
    return looked_at >= kMostSearched || clock.steady() >= until;
  };
  MUSTER_TRY_ASSIGN(const SearchResult found, pattern.search(*source, from, wishes));
  Json matches = Json::array();
  for (const FoundLine& one : found.lines) matches.push_back(found_json(one));
  const std::string next = fmt::format("{}:{}:{}", found.next.offset, found.next.line, found.next.line_begin);
  return http::json_response(
      200,
      {{"matches", std::move(matches)}, {"next", found.at_end ? Json() : Json(next)}, {"searched", found.next.offset}, {"size", log.size}});
}

}  // namespace

void add_log_search_routes(Routes& routes) {
  routes.add("GET", "/api/v1/workspaces/{workspace}/runs/{run}/log-search", {Users::reader, Runs::own_run}, search_log);
}

}  // namespace muster::api
