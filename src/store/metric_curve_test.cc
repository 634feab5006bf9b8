#include "store/metric_curve.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/session.h"

namespace muster::store {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<model::MetricPoint> points_of(const std::vector<double>& values) {
  std::vector<model::MetricPoint> points;
  for (const double value : values) {
    const auto at = static_cast<std::int64_t>(points.size());
    points.push_back({1'000 + at, at * 10, model::Number{value, false}});
  }
  return points;
}

std::vector<CurvePoint> reduce(const std::vector<model::MetricPoint>& points, std::int64_t wanted) {
  CurveReducer reducer(static_cast<std::int64_t>(points.size()), wanted);
  add_numbers(points, 0, reducer);
  return reducer.finish();
}

/// By way of sketches of chunks, as the database keeps them.
std::vector<CurvePoint> reduce_by_chunks(const std::vector<model::MetricPoint>& points, std::int64_t wanted, std::size_t chunk) {
  CurveReducer reducer(static_cast<std::int64_t>(points.size()), wanted);
  for (std::size_t at = 0; at < points.size(); at += chunk) {
    const auto some = std::span(points).subspan(at, std::min(chunk, points.size() - at));
    for (const CurvePoint& point : decode_sketch(encode_sketch(sketch_of(some, static_cast<std::int64_t>(at))))) reducer.add(point);
  }
  return reducer.finish();
}

TEST(MetricCurve, AShortSeriesIsKeptWhole) {
  const std::vector<CurvePoint> curve = reduce(points_of({3, 1, 2}), 10);
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_EQ(curve[1].index, 1);
  EXPECT_EQ(curve[1].step, 10);
  EXPECT_EQ(curve[1].time, 1'001);
  EXPECT_EQ(curve[1].value.value, 1);
}

TEST(MetricCurve, KeepsTheEndsThePeaksAndTheFirstNanOfEachStretch) {
  std::vector<double> values(1'000, 0.5);
  values[123] = -7;
  values[456] = 9;
  values[789] = kNan;
  values[790] = kNan;
  const std::vector<CurvePoint> curve = reduce(points_of(values), 10);
  std::vector<std::int64_t> at;
  for (const CurvePoint& point : curve) at.push_back(point.index);
  // Two stretches; of equal numbers the first is the least and the greatest.
  EXPECT_EQ(at, (std::vector<std::int64_t>{0, 123, 456, 499, 500, 789, 999}));
}

TEST(MetricCurve, WhatIsNoNumberIsLeftOut) {
  std::vector<model::MetricPoint> points = points_of({1, 2, 3});
  points[1].value = std::string("\"text\"");
  EXPECT_EQ(reduce(points, 10).size(), 2u);
  points.assign(2, {0, std::nullopt, std::string("null")});
  EXPECT_TRUE(reduce(points, 10).empty());
  EXPECT_TRUE(sketch_of(points, 5).empty());
}

TEST(MetricCurve, HasTheSeriesEndsLeastAndGreatestHoweverItWasReduced) {
  EXPECT_TRUE(rc::check([](const std::vector<double>& values) {
    RC_PRE(!values.empty());
    const std::vector<model::MetricPoint> points = points_of(values);
    const std::int64_t wanted = *rc::gen::inRange(5, 60);
    const std::size_t chunk = *rc::gen::inRange<std::size_t>(1, 40);
    for (const std::vector<CurvePoint>& curve : {reduce(points, wanted), reduce_by_chunks(points, wanted, chunk)}) {
      RC_ASSERT(static_cast<std::int64_t>(curve.size()) <= wanted);
      RC_ASSERT(curve.front().index == 0);
      RC_ASSERT(curve.back().index == static_cast<std::int64_t>(values.size()) - 1);
      double least = std::numeric_limits<double>::infinity();
      double greatest = -least;
      for (std::size_t i = 0; i < curve.size(); ++i) {
        if (i > 0) RC_ASSERT(curve[i].index > curve[i - 1].index);
        const double value = curve[i].value.value;
        RC_ASSERT(std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(values[static_cast<std::size_t>(curve[i].index)]));
        least = std::fmin(least, value);
        greatest = std::fmax(greatest, value);
      }
      for (const double value : values) RC_ASSERT(std::isnan(value) || (least <= value && value <= greatest));
    }
  }));
}

TEST(MetricCurve, ASketchIsReadAsItWasWritten) {
  const std::vector<CurvePoint> sketch{{7, std::nullopt, -3, {kNan, false}}, {8, -9, 4, {42, true}}};
  const std::vector<CurvePoint> again = decode_sketch(encode_sketch(sketch));
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].index, 7);
  EXPECT_EQ(again[0].step, std::nullopt);
  EXPECT_EQ(again[0].time, -3);
  EXPECT_TRUE(std::isnan(again[0].value.value));
  EXPECT_EQ(again[1].step, -9);
  EXPECT_TRUE(again[1].value.integer);
  EXPECT_THROW(decode_sketch("short"), StoreFailure);
}

}  // namespace
}  // namespace muster::store
