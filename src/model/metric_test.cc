#include "model/metric.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

namespace muster::model {
namespace {

TEST(MetricValue, NumbersKeepTheirKind) {
  EXPECT_EQ(dump_json(to_json(MetricValue(Number{3.0, true}))), "3");
  EXPECT_EQ(dump_json(to_json(MetricValue(Number{3.0, false}))), "3.0");
  EXPECT_EQ(dump_json(to_json(MetricValue(Number{-9007199254740992.0, true}))), "-9007199254740992");
  EXPECT_EQ(dump_json(to_json(MetricValue(Number{0.1, false}))), "0.1");
}

TEST(MetricValue, NonFiniteNumbersAreStrings) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_json(MetricValue(Number{NAN, false})), "NaN");
  EXPECT_EQ(to_json(MetricValue(Number{kInfinity, true})), "Infinity");
  EXPECT_EQ(to_json(MetricValue(Number{-kInfinity, false})), "-Infinity");
}

TEST(MetricValue, OtherValuesAreTheJsonTheyAre) {
  EXPECT_EQ(to_json(MetricValue(std::string(R"({"list":[1,"x",null]})"))), Json::parse(R"({"list":[1,"x",null]})"));
  EXPECT_EQ(to_json(MetricValue(std::string("true"))), true);
  EXPECT_EQ(to_json(MetricValue(std::string("not json"))), "not json");
}

}  // namespace
}  // namespace muster::model
