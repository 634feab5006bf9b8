#include "runner/journal_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

namespace fs = std::filesystem;

const ServerTime kSame = [](TimeUs time) { return time; };

/// A segment as a process writes it: whole from the start, filled record by record.
class SegmentFile {
 public:
  SegmentFile(const fs::path& path, std::uint64_t size, std::int32_t rank = -1, std::uint64_t first_sequence = 0) {
    std::string header(64, '\0');
    header.replace(0, 8, "MUSTERMJ");
    put<std::uint32_t>(header, 8, 1);
    put<std::uint32_t>(header, 12, 64);
    put<std::uint64_t>(header, 16, size);
    put<std::int32_t>(header, 24, rank);
    put<std::uint64_t>(header, 32, first_sequence);
    file_ = open_file(path, O_RDWR | O_CREAT | O_TRUNC).value();
    EXPECT_EQ(::ftruncate(file_.get(), static_cast<off_t>(size)), 0);
    EXPECT_EQ(::pwrite(file_.get(), header.data(), header.size(), 0), 64);
  }
  void append(std::string_view bytes) {
    EXPECT_EQ(::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at_)), static_cast<ssize_t>(bytes.size()));
    at_ += bytes.size();
  }
  void end() {
    std::string record(16, '\0');
    put<std::uint32_t>(record, 0, 4);
    record[4] = 4;
    append(record);
  }

 private:
  template <typename T>
  static void put(std::string& bytes, std::size_t at, T value) {
    bytes.replace(at, sizeof value, reinterpret_cast<const char*>(&value), sizeof value);
  }
  Fd file_;
  std::uint64_t at_ = 64;
};

std::string points(std::string_view name, int from, int to) {
  model::JournalWriter writer;
  for (int i = from; i < to; ++i) writer.add(name, {1'000'000 + i, i, model::Number{static_cast<double>(i), true}});
  return writer.bytes();
}

std::vector<double> values_in(const PointBatch& batch) {
  std::vector<double> values;
  model::JournalWalker walker(0);
  model::NamedPoint point;
  while (walker.next(batch.records, point).value() == model::JournalWalker::Found::point) {
    values.push_back(std::get<model::Number>(point.point.value).value);
  }
  return values;
}

std::vector<double> counting(int from, int to) {
  std::vector<double> values;
  for (int i = from; i < to; ++i) values.push_back(i);
  return values;
}

TEST(JournalReader, GivesPointsAsTheyComeUntilTheyAreTaken) {
  const test::TempFolder folder;
  JournalReader reader(folder.path(), "7-ab");
  EXPECT_EQ(reader.read(kSame)->points, 0U);  // not there yet
  SegmentFile segment(folder / "7-ab.000000.journal", 1 << 20, 3);
  EXPECT_EQ(reader.read(kSame)->points, 0U);
  segment.append(points("loss", 0, 5));
  const auto first = reader.read(kSame).value();
  EXPECT_EQ(first.sequence, 0U);
  EXPECT_EQ(first.points, 5U);
  EXPECT_EQ(first.rank, 3);
  EXPECT_EQ(values_in(first), counting(0, 5));
  EXPECT_EQ(reader.read(kSame)->records, first.records);  // not taken yet: the same again
  reader.take(5);
  EXPECT_EQ(reader.read(kSame)->points, 0U);
  segment.append(points("loss", 5, 7));
  const auto second = reader.read(kSame).value();
  EXPECT_EQ(second.sequence, 5U);
  EXPECT_EQ(values_in(second), counting(5, 7));
}

TEST(JournalReader, GoesOnInTheNextSegment) {
  const test::TempFolder folder;
  SegmentFile first(folder / "7-ab.000000.journal", 1 << 20);
  first.append(points("loss", 0, 3));
  first.end();
  JournalReader reader(folder.path(), "7-ab");
  EXPECT_EQ(reader.read(kSame)->points, 3U);
  reader.take(3);
  EXPECT_EQ(reader.read(kSame)->points, 0U);
  SegmentFile second(folder / "7-ab.000001.journal", 2 << 20, -1, 3);
  second.append(points("accuracy", 3, 5));
  const auto batch = reader.read(kSame).value();
  EXPECT_EQ(batch.sequence, 3U);
  EXPECT_EQ(values_in(batch), counting(3, 5));
  EXPECT_FALSE(batch.rank);
}

TEST(JournalReader, LeavesOutWhatTheServerHadFromAnotherRunner) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 1 << 20);
  segment.append(points("loss", 0, 100));
  JournalReader reader(folder.path(), "7-ab");
  EXPECT_EQ(reader.read(kSame)->sequence, 0U);
  reader.take(120);  // more than was read so far
  segment.append(points("loss", 100, 130));
  const auto batch = reader.read(kSame).value();
  EXPECT_EQ(batch.sequence, 120U);
  EXPECT_EQ(values_in(batch), counting(120, 130));
}

TEST(JournalReader, ManyPointsComeInBatchesWithNoneLost) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 16 << 20);
  segment.append(points("loss", 0, 100'000));
  JournalReader reader(folder.path(), "7-ab");
  std::vector<double> all;
  for (auto batch = reader.read(kSame).value(); batch.points > 0; batch = reader.read(kSame).value()) {
    EXPECT_EQ(batch.sequence, all.size());
    EXPECT_LT(batch.records.size(), 4U << 20);
    const auto values = values_in(batch);
    all.insert(all.end(), values.begin(), values.end());
    reader.take(batch.sequence + batch.points);
  }
  EXPECT_EQ(all, counting(0, 100'000));
}

TEST(JournalReader, TakesARecordAsLargeAsTheyMayBe) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 4 << 20);
  model::JournalWriter writer;
  writer.add("text", {5, std::nullopt, '"' + std::string((1 << 20) - 2, 'x') + '"'});
  segment.append(writer.bytes());
  segment.append(points("loss", 1, 2));
  JournalReader reader(folder.path(), "7-ab");
  std::size_t count = 0;
  for (auto batch = reader.read(kSame).value(); batch.points > 0; batch = reader.read(kSame).value()) {
    count += batch.points;
    reader.take(batch.sequence + batch.points);
  }
  EXPECT_EQ(count, 2U);
}

TEST(JournalReader, TellsOfDamageOnceAndGoesOnAfterIt) {
  const test::TempFolder folder;
  SegmentFile first(folder / "7-ab.000000.journal", 1 << 20);
  first.append(points("loss", 0, 2));
  first.append(std::string("\0\0\x20\0\2\0\0\0", 8));  // 2 MiB, which the segment does not have
  JournalReader reader(folder.path(), "7-ab");
  EXPECT_EQ(reader.read(kSame)->points, 2U);
  reader.take(2);
  const auto fault = reader.read(kSame);
  ASSERT_FALSE(fault);
  EXPECT_NE(fault.error().detail.find("7-ab.000000.journal"), std::string::npos);
  EXPECT_EQ(reader.read(kSame)->points, 0U);
  SegmentFile second(folder / "7-ab.000001.journal", 1 << 20);
  second.append(points("loss", 2, 3));
  EXPECT_EQ(reader.read(kSame)->sequence, 2U);
}

TEST(JournalReader, APointThatCannotBeKeptCostsItselfAndIsSaidOnceAMetric) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 16 << 20);
  model::JournalWriter writer;
  const auto number = [&](int value) { writer.add("loss", {1, std::nullopt, model::Number{static_cast<double>(value), true}}); };
  const auto text = [&](std::string_view name, std::string json) { writer.add(name, {1, std::nullopt, std::move(json)}); };
  number(0);
  for (int i = 0; i < 50; ++i) text("x", "1" + std::string(400, '0'));
  number(51);
  text("y", '"' + std::string(3u << 20, 'y') + '"');  // more than any window but the last
  number(53);
  segment.append(writer.bytes());
  JournalReader reader(folder.path(), "7-ab");
  std::vector<std::string> faults;
  std::vector<double> values;
  std::vector<std::uint64_t> sequences;
  std::uint64_t next = 0;
  for (auto batch = reader.read(kSame); !batch || batch->points > 0; batch = reader.read(kSame)) {
    if (!batch) {
      faults.push_back(batch.error().detail);
      continue;
    }
    EXPECT_EQ(batch->sequence, next);
    EXPECT_LT(batch->records.size(), 4U << 20);
    model::JournalWalker walker(0);
    model::NamedPoint point;
    using Found = model::JournalWalker::Found;
    for (Found found = walker.next(batch->records, point).value(); found != Found::nothing_yet;
         found = walker.next(batch->records, point).value(), ++next) {
      if (found == Found::left_out) continue;
      values.push_back(std::get<model::Number>(point.point.value).value);
      sequences.push_back(next);
    }
    reader.take(next);
  }
  EXPECT_EQ(values, (std::vector<double>{0, 51, 53}));
  EXPECT_EQ(sequences, (std::vector<std::uint64_t>{0, 51, 53}));
  EXPECT_EQ(faults, (std::vector<std::string>{
                        "the metric \"x\" has points that cannot be kept; they are left out, the first at sequence 1 of process 7-ab: "
                        "the JSON text has a number that is too large",
                        "the metric \"y\" has points that cannot be kept; they are left out, the first at sequence 52 of process 7-ab: "
                        "the JSON text is larger than 1.0 MiB"}));
}

/// pread(2) whose calls of these numbers, from 1 on, fail with EIO.
ReadAtCall failing(int from, int to) {
  return [from, to, count = 0](int fd, void* buffer, std::size_t size, off_t offset) mutable {
    if (++count < from || count > to) return ::pread(fd, buffer, size, offset);
    errno = EIO;
    return ssize_t{-1};
  };
}

TEST(JournalReader, AFaultOfTheDiskThatPassesCostsNoPoint) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 1 << 20);
  segment.append(points("loss", 0, 5));
  for (int call = 1; call <= 5; ++call) {
    JournalReader reader(folder.path(), "7-ab", failing(call, call + 1));
    const auto batch = reader.read(kSame);
    ASSERT_TRUE(batch) << call << ": " << batch.error().detail;
    EXPECT_EQ(values_in(*batch), counting(0, 5)) << call;
  }
}

TEST(JournalReader, AFaultOfTheDiskThatStaysIsToldOnce) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 1 << 20);
  segment.append(points("loss", 0, 5));
  JournalReader reader(folder.path(), "7-ab", failing(1, 1000));
  const auto fault = reader.read(kSame);
  ASSERT_FALSE(fault);
  EXPECT_EQ(fault.error().detail, "7-ab.000000.journal: read a metric journal: Input/output error; its points are not recorded");
  EXPECT_EQ(reader.read(kSame)->points, 0U);
}

TEST(JournalReader, ALengthThatCannotBeIsDamage) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 1 << 20);
  segment.append(std::string(8, '\xff'));
  JournalReader reader(folder.path(), "7-ab");
  EXPECT_FALSE(reader.read(kSame));
  EXPECT_EQ(reader.read(kSame)->points, 0U);
}

TEST(JournalReader, ASegmentThatIsNoneIsTold) {
  const test::TempFolder folder;
  ASSERT_TRUE(write_file(folder / "7-ab.000000.journal", "short", 0644, Durable::no));
  JournalReader reader(folder.path(), "7-ab");
  EXPECT_FALSE(reader.read(kSame));
  EXPECT_EQ(reader.read(kSame)->points, 0U);
}

TEST(JournalReader, StampsAreOfTheServersClock) {
  const test::TempFolder folder;
  SegmentFile segment(folder / "7-ab.000000.journal", 1 << 20);
  segment.append(points("loss", 0, 1));
  JournalReader reader(folder.path(), "7-ab");
  const auto batch = reader.read([](TimeUs time) { return time + 500; }).value();
  model::JournalWalker walker(0);
  model::NamedPoint point;
  ASSERT_EQ(walker.next(batch.records, point).value(), model::JournalWalker::Found::point);
  EXPECT_EQ(point.point.time, 1'000'500);
}

TEST(JournalReader, ReadsTheVectors) {
  const fs::path vectors = fs::path(MUSTER_SOURCE_DIR) / "tests/golden/journal";
  for (const auto& entry : fs::directory_iterator(vectors)) {
    if (entry.path().extension() != ".json") continue;
    const Json expected = parse_json(read_file(entry.path()).value()).value();
    JournalReader reader(vectors, entry.path().stem().string());
    std::size_t count = 0;
    for (auto batch = reader.read(kSame); !batch || batch->points > 0; batch = reader.read(kSame)) {
      if (!batch) continue;
      EXPECT_EQ(batch->sequence, count);
      count += batch->points;
      reader.take(batch->sequence + batch->points);
    }
    EXPECT_EQ(count, expected.at("points").size() + expected.value("left_out", Json::array()).size()) << entry.path();
  }
}

}  // namespace
}  // namespace muster::runner
