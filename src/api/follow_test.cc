// Logs and event streams, as a run writes and ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using test::drain;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kLog = "azureml-logs/70_driver_log.txt";

struct Event {
  std::string name;
  Json data;
};

std::vector<Event> events_of(const std::string& text) {
  std::vector<Event> events;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find("\n\n", at);
    const std::string block = text.substr(at, end - at);
    at = end + 2;
    if (block.starts_with(":")) {
      events.push_back({"comment", {}});
      continue;
    }
    const std::size_t line = block.find('\n');
    events.push_back({block.substr(7, line - 7), Json::parse(block.substr(line + 7))});
  }
  return events;
}

std::vector<std::string> names_of(const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const Event& event : events) names.push_back(event.name);
  return names;
}

struct FollowTest : testing::Test {
  Api api;
  model::Run run = api.submit();
  std::uint64_t written = 0;

  void write(const std::string& bytes, const std::string& path = kLog, int rank = 0, int attempt = 1, TimeUs time = 1'000'000,
             int node = 0) {
    const store::LogId id{run.uuid, attempt, node, path};
    const auto size = api.logs.append(id, *api.logs.size(id), bytes, time, rank);
    ASSERT_TRUE(size);
    api.changes.notify(run.key, {id, *size});
  }
  std::unique_ptr<http::StreamSource> follow(const std::string& rest) {
    auto answer = api("GET", Api::in("/runs/" + run.run_id + rest));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return std::move(answer.stream);
  }
  void end(model::RunStatus status = model::RunStatus::completed) { ASSERT_TRUE(api.scheduler.set_status(run.key, status)); }
};

TEST_F(FollowTest, EventsTellStatusLogsAndEnd) {
  const auto stream = follow("/events?log=true");
  EXPECT_THAT(names_of(events_of(drain(*stream))), ElementsAre("status"));
  EXPECT_EQ(drain(*stream), "") << "nothing is told twice";
  ASSERT_TRUE(api.scheduler.set_status(run.key, model::RunStatus::running));
  write("line 1\n");
  const auto both = events_of(drain(*stream));
  ASSERT_THAT(names_of(both), ElementsAre("status", "log"));
  EXPECT_EQ(both[0].data["status"], "Running");
  EXPECT_EQ(both[1].data, (Json{{"path", kLog},
                                {"offset", 0},
                                {"attempt", 1},
                                {"node_rank", 0},
                                {"rank", 0},
                                {"time", to_rfc3339(1'000'000)},
                                {"text", "line 1\n"}}));
  write("line 2\n");
  end();
  bool ended = false;
  const auto last = events_of(drain(*stream));
  drain(*stream, &ended);
  ASSERT_THAT(names_of(last), ElementsAre("log", "status", "end"));
  EXPECT_EQ(last[0].data["offset"], 7);
  EXPECT_EQ(last[2].data["status"], "Completed");
  EXPECT_TRUE(ended);
}

TEST_F(FollowTest, EventsTellWhatTheDiskHadNoRoomToStore) {
  const auto stream = follow("/events");
  drain(*stream);
  api.scheduler.unstored_details = {{run.key, run.run_id, "the server's disk is full"}};
  api.changes.notify(run.key);
  const auto full = events_of(drain(*stream));
  ASSERT_THAT(names_of(full), ElementsAre("status"));
  EXPECT_EQ(full[0].data["status_detail"], "the server's disk is full");
  api.changes.notify(run.key);
  EXPECT_EQ(drain(*stream), "") << "it is told once";
  api.scheduler.unstored_details.clear();
  api.changes.notify(run.key);
  EXPECT_EQ(events_of(drain(*stream)).at(0).data["status_detail"], nullptr);
}

TEST_F(FollowTest, EventsOfAnAttemptThatThereIsNotAre404AsItsLogsAre) {
  for (const char* what : {"/events?attempt=99", "/merged-log?attempt=99", "/logs/azureml-logs/70_driver_log.txt?attempt=99"}) {
    const auto answer = api("GET", Api::in("/runs/" + run.run_id + what));
    EXPECT_EQ(answer.status, 404) << what;
    EXPECT_EQ(answer.code(), "not_found") << what;
  }
}

TEST_F(FollowTest, EventsWakeWhenSomethingHappens) {
  const auto stream = follow("/events?log=true");
  int woken = 0;
  stream->on_ready([&] { ++woken; });
  write("x");
  EXPECT_EQ(woken, 1);
  write("x", "logs/of_the_users_own");
  EXPECT_EQ(woken, 1) << "not a log that flows here";
  end();
  EXPECT_EQ(woken, 2);
}

TEST_F(FollowTest, EventsGoOnWhereTheyLeftOff) {
  write("0123456789");
  const auto stream = follow("/events?log=true&positions=%7B%22azureml-logs/70_driver_log.txt%22:4%7D");
  const auto events = events_of(drain(*stream));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[1].data["text"], "456789");
  const auto beyond = events_of(drain(*follow("/events?log=true&positions=%7B%22azureml-logs/70_driver_log.txt%22:11%7D")));
  EXPECT_EQ(beyond[1].data["offset"], 0) << "that was another attempt's";
}

TEST_F(FollowTest, PositionsTellTheNodesApart) {
  write("zero", kLog, 0, 1, 1'000'000, 0);
  write("one", kLog, 1, 1, 1'000'000, 1);
  const auto text_from = [&](const std::string& positions) {
    std::string text;
    for (const Event& event : events_of(drain(*follow("/events?log=true&positions=" + positions)))) text += event.data.value("text", "");
    return text;
  };
  EXPECT_EQ(text_from("%7B%221:azureml-logs/70_driver_log.txt%22:2%7D"), "zeroe");
  EXPECT_EQ(text_from("%7B%220:azureml-logs/70_driver_log.txt%22:3,%221:azureml-logs/70_driver_log.txt%22:1%7D"), "one");
  EXPECT_EQ(text_from("%7B%22azureml-logs/70_driver_log.txt%22:2%7D"), "zeroone") << "whose position it is cannot be said";
}

TEST_F(FollowTest, StreamsOfOneRunGoEachAtItsOwnPace) {
  const auto early = follow("/events?log=true");
  drain(*early);
  write("a");
  EXPECT_EQ(events_of(drain(*early)).at(0).data["text"], "a");
  write("b\xe2\x82");
  const auto late = follow("/events?log=true");
  EXPECT_EQ(events_of(drain(*late)).back().data["text"], "b");
  write("\xac");
  write("new\n", "azureml-logs/70_driver_log_1.txt", 1);
  for (const auto& stream : {early.get(), late.get()}) {
    std::string text;
    for (const Event& event : events_of(drain(*stream))) text += event.data.value("text", "");
    EXPECT_EQ(text, stream == early.get() ? "b€new\n" : "€new\n");
  }
  end();
  for (const auto& stream : {early.get(), late.get()}) EXPECT_THAT(names_of(events_of(drain(*stream))), ElementsAre("status", "end"));
}

TEST_F(FollowTest, ALogThatNobodyTellsOfIsSeenSoon) {
  const auto stream = follow("/events?log=true");
  drain(*stream);
  ASSERT_TRUE(api.logs.append({run.uuid, 1, 0, "azureml-logs/20_image_build_log.txt"}, 0, "built", 1'000'000, std::nullopt));
  api.clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(events_of(drain(*stream)).at(0).data["text"], "built");
}

TEST_F(FollowTest, ACharacterIsNotCutInTwo) {
  const auto stream = follow("/events?log=true");
  drain(*stream);
  write("a\xe2\x82");
  EXPECT_EQ(events_of(drain(*stream))[0].data["text"], "a");
  EXPECT_EQ(drain(*stream), "");
  write("\xac!");
  EXPECT_EQ(events_of(drain(*stream))[0].data["text"], "€!");
}

TEST_F(FollowTest, WhatIsNotTextComesAsBase64) {
  const auto stream = follow("/events?log=true");
  drain(*stream);
  write(std::string("a\xff\0b", 4));
  EXPECT_EQ(events_of(drain(*stream))[0].data["base64"], "Yf8AYg==");
  write("\xe2\x82");
  end();
  EXPECT_EQ(events_of(drain(*stream))[0].data["base64"], "4oI=") << "its rest never came";
}

TEST_F(FollowTest, ALargeLogComesInPiecesOfBoundedSize) {
  const std::string bytes(3'000'000, 'x');
  write(bytes);
  end();
  const auto stream = follow("/events?log=true");
  std::string text;
  std::size_t largest = 0;
  while (const auto piece = stream->pull()) {
    largest = std::max(largest, piece->size());
    for (const Event& event : events_of(*piece)) text += event.data.value("text", "");
  }
  EXPECT_EQ(text, bytes);
  EXPECT_LT(largest, 300'000u);
}

TEST_F(FollowTest, OnlyTheJobsOwnLogsFlow) {
  write("x", "logs/tensorboard.bin");
  EXPECT_THAT(names_of(events_of(drain(*follow("/events?log=true")))), ElementsAre("status"));
  write("y");
  EXPECT_THAT(names_of(events_of(drain(*follow("/events")))), ElementsAre("status")) << "nor any without log=true";
}

TEST_F(FollowTest, TheNextAttemptsLogsComeAfterTheLastOnes) {
  const auto stream = follow("/events?log=true");
  drain(*stream);
  write("first");
  model::Run again = api.run(run.run_id);
  again.attempt = 2;
  ASSERT_TRUE(api.store->write([&](store::Session& session) { return store::runs::update_state(session, again); }));
  api.changes.notify(run.key);
  write("second", kLog, 0, 2);
  const auto events = events_of(drain(*stream) + drain(*stream));
  ASSERT_THAT(names_of(events), ElementsAre("status", "log", "log"));
  EXPECT_EQ(events[1].data["text"], "first");
  EXPECT_EQ(events[2].data["text"], "second");
  EXPECT_EQ(events[2].data["attempt"], 2);

  const auto text_from = [&](const std::string& query) {
    std::string text;
    const auto resumed = follow("/events?log=true" + query);
    for (const Event& event : events_of(drain(*resumed) + drain(*resumed))) text += event.data.value("text", "");
    return text;
  };
  EXPECT_EQ(text_from("&attempt=1&positions=%7B%220:azureml-logs/70_driver_log.txt%22:3%7D"), "stsecond");
  EXPECT_EQ(text_from("&attempt=2&positions=%7B%220:azureml-logs/70_driver_log.txt%22:3%7D"), "ond");
  EXPECT_EQ(text_from(""), "second");
}

TEST_F(FollowTest, SilenceIsBrokenEvery15Seconds) {
  const auto stream = follow("/events");
  drain(*stream);
  api.clock.advance(std::chrono::seconds(14));
  EXPECT_EQ(drain(*stream), "");
  api.clock.advance(std::chrono::seconds(1));
  EXPECT_THAT(names_of(events_of(*stream->pull())), ElementsAre("comment"));
  EXPECT_EQ(drain(*stream), "");
}

TEST_F(FollowTest, ARunThatIsRemovedForGoodEndsItsStreams) {
  end();
  const auto stream = follow("/events");
  EXPECT_EQ(api("DELETE", Api::in("/runs/" + run.run_id)).status, 204);
  ASSERT_TRUE(api.store->write([&](store::Session& session) -> Result<bool> {
    EXPECT_TRUE(store::runs::next_to_purge(session, INT64_MAX));
    return store::runs::purge(session, run.key, 1000);
  }));
  EXPECT_FALSE(stream->pull());
}

TEST_F(FollowTest, LogsAreListedAndReadInParts) {
  write("0123456789");
  const Json list = api("GET", Api::in("/runs/" + run.run_id + "/logs")).json();
  EXPECT_EQ(list["logs"][0], (Json{{"path", kLog}, {"size", 10}, {"node_rank", 0}, {"rank", 0}, {"attempt", 1}, {"complete", false}}));
  const auto part = api("GET", Api::in("/runs/" + run.uuid + "/logs/" + kLog + "?offset=3&limit=4"));
  EXPECT_EQ(part.body, "3456");
  EXPECT_EQ(part.headers.at("muster-log-size"), "10");
  EXPECT_EQ(part.headers.at("muster-log-complete"), "false");
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.uuid + "/logs/" + kLog + "?offset=99")).body, "");
  end();
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.uuid + "/logs/" + kLog)).headers.at("muster-log-complete"), "true");
  const auto missing = api("GET", Api::in("/runs/" + run.uuid + "/logs/other"));
  EXPECT_THAT(missing.json()["hint"].get<std::string>(), HasSubstr(kLog));
}

TEST_F(FollowTest, AFollowedLogGoesOnUntilItIsComplete) {
  write("one\n");
  const auto stream = follow(std::string("/logs/") + kLog + "?follow=true&offset=1");
  EXPECT_EQ(drain(*stream), "ne\n");
  write("two\n");
  EXPECT_EQ(*stream->pull(), "two\n");
  write("three\n");
  ASSERT_TRUE(api.logs.complete({run.uuid, 1, 0, kLog}));
  EXPECT_EQ(*stream->pull(), "three\n");
  EXPECT_FALSE(stream->pull());
}

TEST_F(FollowTest, AFollowedLogEndsWithItsRunAndItsLimit) {
  write("0123456789");
  const auto limited = follow(std::string("/logs/") + kLog + "?follow=true&limit=4");
  EXPECT_EQ(*limited->pull(), "0123");
  EXPECT_FALSE(limited->pull());
  const auto whole = follow(std::string("/logs/") + kLog + "?follow=true");
  drain(*whole);
  end();
  EXPECT_FALSE(whole->pull());
}

struct MergedTest : FollowTest {
  static std::string log(int rank) { return fmt::format("azureml-logs/70_driver_log_{}.txt", rank); }
  void line(int rank, const std::string& text, TimeUs at) { write(text, log(rank), rank, 1, at); }
};

TEST_F(MergedTest, LinesAreInTheOrderOfTime) {
  line(0, "a\n", 1'000'000);
  line(1, "b\nc\n", 2'000'000);
  line(0, "d\n", 3'000'000);
  line(1, "no end", 4'000'000);
  write("not a rank's", "azureml-logs/20_image_build_log.txt", 0);
  bool ended = false;
  const auto stream = follow("/merged-log");
  std::string text = drain(*stream, &ended);
  EXPECT_EQ(text, "[rank 0] a\n[rank 1] b\n[rank 1] c\n[rank 0] d\n[rank 1] no end\n");
  EXPECT_TRUE(ended);
}

TEST_F(MergedTest, RanksAreChosen) {
  for (int rank = 0; rank < 4; ++rank) line(rank, fmt::format("{}\n", rank), 1'000'000 + rank);
  EXPECT_EQ(drain(*follow("/merged-log?ranks=2,0")), "[rank 0] 0\n[rank 2] 2\n");
}

TEST_F(MergedTest, ARankThatNeverWasIsRefusedOneThatMayComeIsWaitedFor) {
  line(0, "a\n", 1'000'000);
  const auto stream = follow("/merged-log?ranks=1&follow=true");
  EXPECT_EQ(drain(*stream), "");
  line(1, "b\n", 2'000'000);
  EXPECT_EQ(drain(*stream), "[rank 1] b\n");
  EXPECT_EQ(drain(*follow("/merged-log?ranks=0,1")), "[rank 0] a\n[rank 1] b\n");
  end();
  EXPECT_EQ(drain(*follow("/merged-log?ranks=0,1&skip=0:1")), "[rank 1] b\n");
  const std::string refused = "/merged-log?ranks=0,7";
  for (const char* more : {"", "&follow=true"}) {
    const auto answer = api("GET", Api::in("/runs/" + run.run_id + refused + more));
    EXPECT_EQ(answer.status, 404);
    EXPECT_NE(answer.body.find("0 to 1"), std::string::npos);
  }
}

TEST_F(MergedTest, FollowedLinesComeWhole) {
  line(0, "a", 1'000'000);
  const auto stream = follow("/merged-log?follow=true");
  EXPECT_EQ(drain(*stream), "");
  line(0, "bc\nd", 2'000'000);
  EXPECT_EQ(drain(*stream), "[rank 0] abc\n");
  line(1, "new rank\n", 3'000'000);
  EXPECT_EQ(drain(*stream), "[rank 1] new rank\n");
  end();
  EXPECT_EQ(drain(*stream), "[rank 0] d\n");
  EXPECT_FALSE(stream->pull());
}

TEST_F(MergedTest, ALineOfAnyLengthTakesBoundedMemory) {
  line(0, std::string(1'000'000, 'x'), 1'000'000);
  end();
  const auto stream = follow("/merged-log");
  std::size_t total = 0;
  while (const auto piece = stream->pull()) {
    EXPECT_LT(piece->size(), 300'000u);
    total += static_cast<std::size_t>(std::count(piece->begin(), piece->end(), 'x'));
  }
  EXPECT_EQ(total, 1'000'000u);
}

}  // namespace
}  // namespace muster::api
