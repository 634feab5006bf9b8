#include "store/metric_chunk.h"

#include <cmath>
#include <cstring>
#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "store/compressed.h"
#include "store/session.h"
#include "support/metric_points.h"

namespace muster::store {
namespace {

using model::MetricPoint;
using model::Number;
using test::same_points;

TEST(MetricChunk, GivesBackEveryPointBitForBit) {
  EXPECT_TRUE(rc::check([] {
    const auto points = *rc::gen::container<std::vector<MetricPoint>>(test::any_point());
    std::vector<MetricPoint> back;
    decode_chunk(encode_chunk(points), back);
    RC_ASSERT(same_points(back, points));
  }));
}

TEST(MetricChunk, KeepsTheOddNumbers) {
  double payload = 0;
  const std::uint64_t bits = 0x7ff8'0000'dead'beefULL;
  std::memcpy(&payload, &bits, sizeof payload);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  std::vector<MetricPoint> points;
  for (const double value :
       {payload, -payload, kInfinity, -kInfinity, -0.0, std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max()}) {
    points.push_back({std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), Number{value, false}});
    points.push_back({std::numeric_limits<std::int64_t>::max(), std::nullopt, Number{value, true}});
  }
  std::vector<MetricPoint> back;
  decode_chunk(encode_chunk(points), back);
  EXPECT_TRUE(same_points(back, points));
}

TEST(MetricChunk, AnEvenSeriesBecomesSmall) {
  std::vector<MetricPoint> points;
  for (int i = 0; i < 4096; ++i) points.push_back({1'700'000'000'000'000 + i * 1000, i, Number{static_cast<double>(i), true}});
  EXPECT_LT(encode_chunk(points).size(), points.size() * 8);
}

TEST(MetricChunk, DamagedBytesAreAFailureAndNothingWorse) {
  std::vector<MetricPoint> points(20, MetricPoint{1, 2, std::string("\"text\"")});
  const std::string raw = decompress(encode_chunk(points));
  EXPECT_TRUE(rc::check([&] {
    std::string bytes = raw;
    bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
    for (int i = *rc::gen::inRange(0, 4); i > 0 && !bytes.empty(); --i) {
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    }
    std::vector<MetricPoint> back;
    try {
      decode_chunk("r" + bytes, back);
    } catch (const StoreFailure&) {
    }
  }));
  std::vector<MetricPoint> back;
  for (const char* bytes : {"", "q", "z", "znonsense", "r"}) EXPECT_THROW(decode_chunk(bytes, back), StoreFailure);
}

TEST(Compressed, GivesBackWhatItGot) {
  EXPECT_TRUE(rc::check([](const std::string& part) {
    std::string bytes;
    for (int i = *rc::gen::inRange(0, 100); i > 0; --i) bytes += part;
    RC_ASSERT(decompress(compress(bytes)) == bytes);
  }));
  EXPECT_LT(compress(std::string(10'000, 'a')).size(), 200u);
}

}  // namespace
}  // namespace muster::store
