#include "model/journal.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "support/golden.h"

namespace muster::model {
namespace {

struct LeftOut {
  std::size_t sequence;
  std::string name;
  std::string fault;
};

struct Walked {
  std::vector<NamedPoint> points;
  std::vector<LeftOut> left_out;
  bool ended = false;
  std::size_t count() const { return points.size() + left_out.size(); }
  std::optional<Error> error;
};

Walked walk(std::string_view bytes, std::size_t offset = kJournalHeaderBytes) {
  Walked walked;
  JournalWalker walker(offset);
  while (true) {
    NamedPoint point;
    const auto found = walker.next(bytes, point);
    if (!found) {
      walked.error = found.error();
      return walked;
    }
    if (*found == JournalWalker::Found::left_out) {
      walked.left_out.push_back({walked.count(), point.name, walker.fault()});
      continue;
    }
    if (*found != JournalWalker::Found::point) {
      walked.ended = *found == JournalWalker::Found::end_of_segment;
      return walked;
    }
    walked.points.push_back(std::move(point));
  }
}

/// As the vectors write a point, without its sequence.
Json to_vector(const NamedPoint& point) {
  Json json{{"name", point.name}, {"time", point.point.time}, {"step", point.point.step ? Json(*point.point.step) : Json()}};
  if (const auto* number = std::get_if<Number>(&point.point.value)) {
    json["number"] = number_to_json(number->value);
    json["integer"] = number->integer;
  } else {
    json["json"] = std::get<std::string>(point.point.value);
  }
  return json;
}

bool same(const MetricPoint& a, const MetricPoint& b) {
  if (a.time != b.time || a.step != b.step || a.value.index() != b.value.index()) return false;
  if (const auto* x = std::get_if<Number>(&a.value)) {
    const Number& y = std::get<Number>(b.value);
    return std::bit_cast<std::uint64_t>(x->value) == std::bit_cast<std::uint64_t>(y.value) && x->integer == y.integer;
  }
  return std::get<std::string>(a.value) == std::get<std::string>(b.value);
}

/// A vector's points without what the SDK is asked to write them.
Json without_logged(Json points) {
  for (Json& point : points) point.erase("logged");
  return points;
}

TEST(Journal, AgreesWithTheVectors) {
  const auto folder = test::golden_folder() / "journal";
  for (const auto& file : test::golden_files(folder, ".json")) {
    SCOPED_TRACE(file.filename().string());
    const Json vector = test::read_golden_json(file);
    std::uint64_t sequence = 0;
    Json points = Json::array();
    Json left_out = Json::array();
    for (std::size_t segment = 0; segment < vector["segments"].size(); ++segment) {
      const std::string bytes = test::read_golden(folder / vector["segments"][segment].get<std::string>());
      const auto header = read_journal_header(bytes);
      ASSERT_TRUE(header) << header.error().detail;
      EXPECT_EQ(header->size, bytes.size());
      EXPECT_EQ(header->rank, vector["rank"]);
      EXPECT_EQ(header->pid, vector["pid"]);
      EXPECT_EQ(header->created_at, vector["created"]);
      EXPECT_EQ(header->first_sequence, sequence);
      const Walked walked = walk(bytes);
      EXPECT_FALSE(walked.error) << walked.error->detail;
      EXPECT_EQ(walked.ended, vector["ended"][segment]);
      for (const LeftOut& one : walked.left_out) {
        left_out.push_back({{"sequence", sequence + one.sequence}, {"name", one.name}});
        EXPECT_NE(one.fault, "");
      }
      std::size_t left_out_before = 0;
      for (std::size_t i = 0; i < walked.points.size(); ++i) {
        while (left_out_before < walked.left_out.size() && walked.left_out[left_out_before].sequence == i + left_out_before)
          ++left_out_before;
        points.push_back(to_vector(walked.points[i]));
        points.back()["sequence"] = sequence + i + left_out_before;
      }
      sequence += walked.count();
    }
    EXPECT_EQ(points, without_logged(vector["points"]));
    EXPECT_EQ(left_out, without_logged(vector.value("left_out", Json::array())));
  }
}

rc::Gen<MetricPoint> any_point() {
  return rc::gen::exec([] {
    MetricPoint point;
    point.time = *rc::gen::arbitrary<std::int64_t>();
    if (*rc::gen::arbitrary<bool>()) point.step = *rc::gen::arbitrary<std::int64_t>();
    if (*rc::gen::arbitrary<bool>()) {
      const bool integer = *rc::gen::arbitrary<bool>();
      const auto bits = *rc::gen::arbitrary<std::uint64_t>();
      point.value =
          integer ? Number{static_cast<double>(*rc::gen::arbitrary<std::int32_t>()), true} : Number{std::bit_cast<double>(bits), false};
    } else {
      point.value = dump_json(Json(*rc::gen::arbitrary<std::string>()));
    }
    return point;
  });
}

RC_GTEST_PROP(Journal, WhatIsWrittenIsRead, ()) {
  JournalWriter writer;
  std::vector<NamedPoint> written;
  for (int i = *rc::gen::inRange(0, 50); i > 0; --i) {
    NamedPoint point{"metric " + std::to_string(*rc::gen::inRange(0, 5)), *any_point()};
    writer.add(point.name, point.point);
    written.push_back(point);
  }
  RC_ASSERT(writer.points() == written.size());
  const Walked walked = walk(writer.bytes(), 0);
  RC_ASSERT(!walked.error);
  RC_ASSERT(!walked.ended);
  RC_ASSERT(walked.points.size() == written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    RC_ASSERT(walked.points[i].name == written[i].name);
    RC_ASSERT(same(walked.points[i].point, written[i].point));
  }
}

RC_GTEST_PROP(Journal, BytesThatComePieceByPieceGiveTheSamePoints, ()) {
  JournalWriter writer;
  for (int i = *rc::gen::inRange(1, 20); i > 0; --i) writer.add("m" + std::to_string(i % 3), *any_point());
  JournalWalker walker(0);
  std::size_t points = 0;
  for (std::size_t size = 0; size <= writer.bytes().size(); ++size) {
    NamedPoint point;
    const auto found = walker.next(std::string_view(writer.bytes()).substr(0, size), point);
    RC_ASSERT(found.has_value());
    points += *found == JournalWalker::Found::point;
  }
  RC_ASSERT(points == writer.points());
}

RC_GTEST_PROP(Journal, HostileBytesNeverCrash, ()) {
  const auto files = test::golden_files(test::golden_folder() / "journal", ".journal");
  std::string bytes = test::read_golden(files[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(files.size())))]);
  for (int i = *rc::gen::inRange(1, 30); i > 0; --i) {
    // Most of a segment is empty: damage where the records are.
    bytes[static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(std::min<std::size_t>(bytes.size(), 600))))] =
        static_cast<char>(*rc::gen::arbitrary<unsigned char>());
  }
  bytes.resize(static_cast<std::size_t>(*rc::gen::inRange<int>(0, static_cast<int>(bytes.size()) + 1)));
  bytes.shrink_to_fit();
  const auto header = read_journal_header(bytes);
  if (!header) RC_ASSERT(header.error().code == Code::malformed);
  const Walked walked = walk(bytes);
  if (walked.error) RC_ASSERT(walked.error->code == Code::malformed);
  for (const NamedPoint& point : walked.points) RC_ASSERT(is_utf8(point.name) && !point.name.empty());
}

std::string record(std::uint8_t kind, std::string payload, std::uint8_t flags = 0) {
  std::string bytes(8, '\0');
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::memcpy(bytes.data(), &length, 4);
  bytes[4] = static_cast<char>(kind);
  bytes[5] = static_cast<char>(flags);
  payload.resize((payload.size() + 7) / 8 * 8, '\0');
  return bytes + payload;
}

std::string head(std::uint32_t id) {
  std::string bytes(24, '\0');
  std::memcpy(bytes.data(), &id, 4);
  return bytes;
}

TEST(Journal, APointThatCannotBeKeptSaysWhy) {
  const std::string name = record(1, std::string("\5\0\0\0loss", 8));
  const auto fault = [&](const std::string& bytes) {
    const Walked walked = walk(name + bytes + record(2, head(5) + std::string(8, '\0')), 0);
    EXPECT_FALSE(walked.error);
    EXPECT_EQ(walked.points.size(), 1u);  // the one after it
    EXPECT_EQ(walked.left_out.size(), 1u);
    return walked.left_out.empty() ? "" : walked.left_out[0].name + ": " + walked.left_out[0].fault;
  };
  EXPECT_EQ(fault(record(2, head(6) + std::string(8, '\0'))), ": it has no name of 1 to 255 characters");
  EXPECT_EQ(fault(record(2, head(5))), "loss: its record has 24 bytes, which is not a length of its kind of record");
  EXPECT_EQ(fault(record(3, head(5))), "loss: its record has 24 bytes, which is not a length of its kind of record");
  EXPECT_EQ(fault(record(3, head(5) + "1e400")), "loss: the JSON text has a number that is too large");
  EXPECT_EQ(fault(record(3, head(5) + "{bad")).substr(0, 15), "loss: not JSON:");
  EXPECT_EQ(fault(record(3, head(5) + std::string(100, '['))), "loss: the JSON text is nested deeper than 64 levels");
  EXPECT_EQ(fault(record(3, head(5) + '"' + std::string(3u << 20, 'x') + '"')), "loss: the JSON text is larger than 1.0 MiB");
}

TEST(Journal, ALengthThatNoSegmentCouldHoldIsDamageAndIsMetAgain) {
  const std::string bytes("\xFF\xFF\xFF\x7F\2\0\0\0", 8);
  JournalWalker walker(0);
  NamedPoint point;
  for (int i = 0; i < 2; ++i) {
    const auto found = walker.next(bytes, point);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().detail, "metric journal: a record of 2147483647 bytes at byte 0");
  }
  EXPECT_EQ(walker.offset(), 0u);
}

TEST(Journal, WhatIsLeftOutTakesItsPlaceInAnUpload) {
  JournalWriter writer;
  writer.leave_out();
  writer.add("loss", {1, std::nullopt, Number{0.5, false}});
  writer.leave_out();
  EXPECT_EQ(writer.points(), 3u);
  const Walked walked = walk(writer.bytes(), 0);
  ASSERT_EQ(walked.left_out.size(), 2u);
  EXPECT_EQ(walked.left_out[0].sequence, 0u);
  EXPECT_EQ(walked.left_out[1].sequence, 2u);
  EXPECT_EQ(walked.points.size(), 1u);
}

TEST(Journal, AWriterStartsAnewAfterClear) {
  JournalWriter writer;
  writer.add("loss", {1, std::nullopt, Number{0.5, false}});
  writer.clear();
  EXPECT_EQ(writer.points(), 0u);
  writer.add("loss", {1, std::nullopt, Number{0.5, false}});
  EXPECT_EQ(walk(writer.bytes(), 0).points.size(), 1u);
}

}  // namespace
}  // namespace muster::model
