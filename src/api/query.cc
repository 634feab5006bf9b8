#include "api/query.h"

#include <algorithm>

#include "base/text.h"

namespace muster::api {

std::optional<std::string> QueryReader::text(std::string_view name) {
  known_.emplace_back(name);
  if (request_.query.count(std::string(name)) > 1) fault(std::string(name), "is given more than once");
  return request_.query_value(name);
}

std::vector<std::string> QueryReader::texts(std::string_view name) {
  known_.emplace_back(name);
  std::vector<std::string> values;
  const auto [first, end] = request_.query.equal_range(std::string(name));
  for (auto at = first; at != end; ++at) values.push_back(at->second);
  return values;
}

std::string QueryReader::required_text(std::string_view name) {
  auto value = text(name);
  if (!value || value->empty()) fault(std::string(name), "is required in the query");
  return value.value_or("");
}

std::optional<std::int64_t> QueryReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  if (parse_int64(*value, number) && number >= low && number <= high) return number;
  fault(std::string(name), fmt::format("must be a whole number from {} to {}, not '{}'", low, high, value->substr(0, 40)));
  return std::nullopt;
}

std::int64_t QueryReader::required_integer(std::string_view name, std::int64_t low, std::int64_t high) {
  if (!request_.query_value(name)) fault(std::string(name), "is required in the query");
  return integer(name, low, high).value_or(low);
}

bool QueryReader::flag(std::string_view name) {
  const auto value = text(name);
  if (value && *value != "true" && *value != "false")
    fault(std::string(name), fmt::format("must be true or false, not '{}'", value->substr(0, 40)));
  return value == "true";
}

store::PageRequest QueryReader::page() {
  store::PageRequest page;
  page.limit = static_cast<int>(integer("limit", 1, 1000).value_or(page.limit));
  page.cursor = text("cursor").value_or("");
  return page;
}

void QueryReader::fault(std::string name, std::string detail, std::string hint) {
  faults_.push_back({std::move(name), std::move(detail), std::move(hint)});
}

Result<void> QueryReader::finish() {
  for (const auto& [name, value] : request_.query) {
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      fault(name.substr(0, 64), "is not known here", "known: " + join(known_, ", "));
  }
  if (faults_.empty()) return {};
  std::vector<std::string> words;
  for (const FieldError& one : faults_) words.push_back(fmt::format("`{}` {}", one.field, one.detail));
  return tl::unexpected(Error{Code::invalid, "query: " + join(words, "; "), faults_.front().hint, faults_});
}

}  // namespace muster::api
