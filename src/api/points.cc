#include "api/points.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "store/runs.h"
#include "store/sources.h"

namespace muster::api {
namespace {

/// Once for each rank of an attempt: a script that makes up a name for each point would otherwise have as many warnings.
Result<void> warn_of_surplus(store::Session& session, const store::metrics::Writer& writer, const std::vector<std::string>& names) {
  model::Run run = *store::runs::find(session, writer.run_key);
  const store::metrics::Limits limits;
  const std::string about =
      fmt::format("attempt {}: rank {} logged more than {} metric names, or all ranks together more than {}: ", writer.attempt, writer.rank,
                  limits.names, limits.series);
  const auto is_said = [&](const std::string& warning) { return warning.starts_with(about); };
  if (std::any_of(run.warnings.begin(), run.warnings.end(), is_said)) return {};
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> some;
  for (std::size_t i = 0; i < std::min(names.size(), kNamed); ++i) some.push_back(names[i].substr(0, 100));
  run.warnings.push_back(about + fmt::format("points of `{}` and of other names that came later are not kept", join(some, "`, `")));
  MUSTER_TRY(store::runs::update_state(session, run, run.nodes));
  return {};
}

model::NamedPoint point_from_json(ObjectReader& in, TimeUs now) {
  model::NamedPoint named;
  named.name = in.text("name");
  if (in.has("name") && (named.name.empty() || utf8_length(named.name) > model::kLongestMetricName))
    in.fault("name", fmt::format("must have 1 to {} characters", model::kLongestMetricName));
  named.point.step = in.optional_integer("step", INT64_MIN, INT64_MAX);
  named.point.time = now;
  if (const auto time = in.optional_text("time")) {
    if (const auto at = from_rfc3339(*time))
      named.point.time = *at;
    else
      in.fault("time", at.error().detail);
  }
  static const Json null;
  const Json* value = in.member("value");
  if (value == nullptr && !in.has("value")) in.fault("value", "is required");
  auto read = model::metric_value_from_json(value != nullptr ? *value : null);
  if (read)
    named.point.value = *std::move(read);
  else
    in.fault("value", read.error().detail, read.error().hint);
  return named;
}

}  // namespace

Result<PointBatch> points_from_records(std::string_view bytes) {
  using Found = model::JournalWalker::Found;
  PointBatch batch;
  model::JournalWalker walker(0);
  while (true) {
    model::NamedPoint point;
    MUSTER_TRY_ASSIGN(const auto found, walker.next(bytes, point));
    if (found != Found::point && found != Found::left_out) {
      if (walker.offset() == bytes.size()) return batch;
      return fail(Code::malformed, "the journal breaks off at byte {} of {}", walker.offset(), bytes.size());
    }
    if (found == Found::point) {
      batch.points.push_back(std::move(point));
      batch.places.push_back(batch.count);
    }
    ++batch.count;
  }
}

Result<PointBatch> points_from_json(const Json& body, TimeUs now) {
  PointBatch batch;
  ObjectReader in(body);
  const Json* list = in.member("points");
  if (list == nullptr || !list->is_array()) in.fault("points", "must be a list");
  for (std::size_t i = 0; list != nullptr && list->is_array() && i < list->size(); ++i) {
    ObjectReader one((*list)[i]);
    batch.points.push_back(point_from_json(one, now));
    batch.places.push_back(batch.count++);
    if (const auto read = one.finish("point"); !read) in.adopt(fmt::format("points[{}]", i), read.error());
  }
  MUSTER_TRY(in.finish("metrics"));
  return batch;
}

Result<std::int64_t> store_points(store::Session& session, std::string_view source, const store::metrics::Writer& writer,
                                  std::int64_t sequence, const PointBatch& batch) {
  MUSTER_TRY_ASSIGN(const std::int64_t known, store::sources::advance(session, writer.run_key, source, sequence, batch.count));
  const auto first = std::lower_bound(batch.places.begin(), batch.places.end(), known) - batch.places.begin();
  const auto fresh = std::span(batch.points).subspan(static_cast<std::size_t>(first));
  const auto surplus = store::metrics::append(session, writer, fresh);
  if (!surplus.empty()) MUSTER_TRY(warn_of_surplus(session, writer, surplus));
  return store::sources::next_sequence(session, writer.run_key, source);
}

}  // namespace muster::api
