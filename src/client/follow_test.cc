#include "client/follow.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "client/pages.h"
#include "support/fake_http_server.h"

namespace muster::client {
namespace {

using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

std::shared_ptr<Api> api_for(const FakeHttpServer& server) {
  ApiOptions options;
  options.address = {server.url(), "t", "default"};
  options.retry = {.first_wait = std::chrono::milliseconds(1),
                   .longest_wait = std::chrono::milliseconds(2),
                   .give_up_after = std::chrono::milliseconds(2'000)};
  return *Api::create(std::move(options));
}

FakeAnswer stream(std::vector<std::string> chunks) {
  FakeAnswer answer;
  answer.chunks = std::move(chunks);
  return answer;
}

TEST(FollowRun, GoesOnWhereALostStreamStopped) {
  int count = 0;
  FakeHttpServer server([&](const FakeRequest&) {
    if (++count == 1) {
      FakeAnswer cut =
          stream({"event: status\ndata: {\"status\": \"Running\"}\n\n",
                  "event: log\ndata: {\"path\": \"azureml-logs/70_driver_log.txt\", \"offset\": 0, \"text\": \"one\\n\"}\n\n"});
      cut.cut_after = 0;
      return cut;
    }
    return stream({"event: status\ndata: {\"status\": \"Running\"}\n\n",
                   // Overlapping on purpose: what is known is not told again.
                   "event: log\ndata: {\"path\": \"azureml-logs/70_driver_log.txt\", \"offset\": 2, \"text\": \"e\\ntwo\\n\"}\n\n",
                   "event: log\ndata: {\"path\": \"azureml-logs/70_driver_log.txt\", \"offset\": 8, \"base64\": \"/wA=\"}\n\n",
                   "event: end\ndata: {\"status\": \"Completed\"}\n\n"});
  });
  std::string log;
  std::vector<std::string> statuses;
  const auto run = follow_run(*api_for(server), "r",
                              {[&](const Json& json) -> Result<void> {
                                 statuses.push_back(json["status"]);
                                 return {};
                               },
                               [&](const LogPiece& piece) -> Result<void> {
                                 log += piece.bytes;
                                 return {};
                               }});
  ASSERT_TRUE(run) << run.error().detail;
  EXPECT_EQ((*run)["status"], "Completed");
  EXPECT_EQ(log, std::string("one\ntwo\n\xFF\0", 10));
  EXPECT_EQ(statuses, (std::vector<std::string>{"Running", "Completed"}));
  EXPECT_NE(server.requests().at(1).target.find("positions=%7B%220%3Aazureml-logs%2F70_driver_log.txt%22%3A4%7D"), std::string::npos);
}

TEST(FollowRun, AnotherAttemptsLogsBeginAnew) {
  int count = 0;
  FakeHttpServer server([&](const FakeRequest&) {
    if (++count == 1) {
      FakeAnswer cut = stream({"event: log\ndata: {\"path\": \"log\", \"attempt\": 1, \"offset\": 0, \"text\": \"first \"}\n\n",
                               "event: log\ndata: {\"path\": \"log\", \"attempt\": 2, \"offset\": 0, \"text\": \"sec\"}\n\n"});
      cut.cut_after = 0;
      return cut;
    }
    return stream({"event: log\ndata: {\"path\": \"log\", \"attempt\": 2, \"offset\": 3, \"text\": \"ond\"}\n\n",
                   "event: end\ndata: {\"status\": \"Completed\"}\n\n"});
  });
  std::string log;
  const auto run = follow_run(*api_for(server), "r", {{}, [&](const LogPiece& piece) -> Result<void> {
                                                        log += piece.bytes;
                                                        return {};
                                                      }});
  ASSERT_TRUE(run) << run.error().detail;
  EXPECT_EQ(log, "first second");
  EXPECT_NE(server.requests().at(1).target.find("attempt=2"), std::string::npos);
}

TEST(FollowRun, EndsWithTheHandlersError) {
  FakeHttpServer server([](const FakeRequest&) { return stream({"event: status\ndata: {}\n\n"}); });
  const auto run = follow_run(*api_for(server), "r", {[](const Json&) -> Result<void> { return fail(Code::unavailable, "enough"); }, {}});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().detail, "enough");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(FollowRun, ARunThatIsNotThereIsTold) {
  FakeHttpServer server([](const FakeRequest&) {
    FakeAnswer answer;
    answer.status = 404;
    answer.body = R"({"code": "not_found", "detail": "no run r"})";
    return answer;
  });
  EXPECT_EQ(follow_run(*api_for(server), "r", {}).error().code, Code::not_found);
}

TEST(FollowRun, GivesUpOnAServerThatNeverSaysAnything) {
  FakeHttpServer server([](const FakeRequest&) { return stream({": nothing\n\n"}); });
  EXPECT_EQ(follow_run(*api_for(server), "r", {}).error().code, Code::unavailable);
}

TEST(GetList, WalksThroughThePages) {
  FakeHttpServer server([](const FakeRequest& request) {
    FakeAnswer answer;
    const bool second = request.target.find("cursor=c1") != std::string::npos;
    answer.body = second ? R"({"runs": [3], "next": null})" : R"({"runs": [1, 2], "next": "c1"})";
    return answer;
  });
  const auto api = api_for(server);
  const auto all = get_list(*api, "/runs", {{"status", "Failed"}}, "runs", 0);
  ASSERT_TRUE(all);
  EXPECT_EQ((*all)["runs"], Json({1, 2, 3}));
  EXPECT_TRUE((*all)["next"].is_null());
  const auto some = get_list(*api, "/runs", {}, "runs", 2);
  EXPECT_EQ((*some)["next"], "c1");
}

}  // namespace
}  // namespace muster::client
