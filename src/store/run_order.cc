// A cursor is "<key>" in the order of keys, "<time>:<key>" by creation, and "n:<number>:<key>", "o:<key>" or "m:<key>" by a metric or
// parameter. A text of a parameter is not in it: it may be long, and never changes.

#include "store/run_order.h"

#include <cmath>
#include <tuple>

#include "base/text.h"

namespace muster::store::runs {
namespace {

bool read_key(std::string_view text, std::int64_t& key) { return parse_int64(text, key) && key >= 0; }

bool read_number(std::string_view text, double& number) { return parse_double(text, number) && !std::isnan(number); }

bool is_by_name(const Order& order) { return order.by == Order::By::metric || order.by == Order::By::parameter; }

std::optional<Place> parse_cursor(const Order& order, std::string_view cursor) {
  const auto parts = split(cursor, ':');
  Place place;
  if (!read_key(parts.back(), place.key)) return std::nullopt;
  if (order.by == Order::By::recorded && parts.size() == 1) return place;
  if (order.by == Order::By::created_at && parts.size() == 2 && parse_int64(parts[0], place.time)) return place;
  if (!is_by_name(order)) return std::nullopt;
  if (parts.size() == 3 && parts[0] == "n" && read_number(parts[1], place.number)) return place;
  if (parts.size() != 2 || (parts[0] != "o" && parts[0] != "m")) return std::nullopt;
  place.part = parts[0] == "o" ? Place::Part::other : Place::Part::missing;
  return place;
}

}  // namespace

bool is_before(const Order& order, const Place& a, const Place& b) {
  if (a.part != b.part) return a.part < b.part;
  const auto left = std::tie(a.time, a.number, a.text, a.key);
  const auto right = std::tie(b.time, b.number, b.text, b.key);
  return order.descending ? right < left : left < right;
}

std::string to_cursor(const Order& order, const Place& place) {
  if (order.by == Order::By::recorded) return std::to_string(place.key);
  if (order.by == Order::By::created_at) return fmt::format("{}:{}", place.time, place.key);
  switch (place.part) {
    case Place::Part::value: return fmt::format("n:{}:{}", place.number, place.key);
    case Place::Part::other: return fmt::format("o:{}", place.key);
    case Place::Part::missing: break;
  }
  return fmt::format("m:{}", place.key);
}

Result<std::optional<Place>> place_of_cursor(Session& session, const Order& order, const std::string& cursor) {
  if (cursor.empty()) return std::nullopt;
  std::optional<Place> place = parse_cursor(order, cursor);
  if (place && place->part == Place::Part::other && order.by == Order::By::parameter) {
    bool found = false;
    session.query("SELECT value FROM run_parameters WHERE run_key = ? AND name = ?", {place->key, order.name}, [&](const Row& row) {
      found = true;
      place->text = row.text(0);
    });
    if (!found) place.reset();
  }
  if (place) return place;
  return fail_hint(Code::malformed, "start again without a cursor", "`{}` is not a cursor of this listing", to_utf8(cursor.substr(0, 100)));
}

}  // namespace muster::store::runs
