#include "client/http_connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/file.h"
#include "base/id.h"
#include "support/fake_http_server.h"

namespace muster::client {
namespace {

using std::chrono::milliseconds;
using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

HostPort host_of(const FakeHttpServer& server) { return {"127.0.0.1", static_cast<std::uint16_t>(server.port())}; }

FakeAnswer answer(std::string body) {
  FakeAnswer result;
  result.body = std::move(body);
  return result;
}

TEST(HttpConnection, SendsAndReads) {
  FakeHttpServer server([](const FakeRequest& request) {
    FakeAnswer result = answer(request.body + "!");
    result.status = 418;
    result.headers = {{"X-Thing", "v"}};
    return result;
  });
  HttpConnection connection(host_of(server), {});
  const auto response = connection.exchange({.method = "POST", .target = "/a?b=c", .headers = {{"X-Mine", "m"}}, .body = "hello"}, {});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(response->header("x-thing"), "v");
  EXPECT_EQ(response->body, "hello!");
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].target, "/a?b=c");
  EXPECT_EQ(requests[0].headers.at("x-mine"), "m");
}

TEST(HttpConnection, IsKeptAndReplacedWhenItWasClosed) {
  int count = 0;
  FakeHttpServer server([&](const FakeRequest&) {
    FakeAnswer result = answer("x");
    result.close_after = ++count == 2;
    return result;
  });
  HttpConnection connection(host_of(server), {});
  for (int i = 0; i < 4; ++i) {
    const auto response = connection.exchange({.target = "/"}, {});
    ASSERT_TRUE(response) << response.error().detail;
  }
  const auto requests = server.requests();
  EXPECT_EQ(requests[1].connection, 0);
  EXPECT_EQ(requests[2].connection, 1);
  EXPECT_EQ(requests[3].connection, 1);
}

TEST(HttpConnection, SendsAPartOfAFile) {
  const auto path = std::filesystem::temp_directory_path() / ("muster-file-" + random_hex(6));
  std::string content(3 << 20, 'a');
  for (std::size_t i = 0; i < content.size(); i += 997) content[i] = static_cast<char>('b' + i % 20);
  ASSERT_TRUE(write_file(path, content, 0644, Durable::no));
  FakeHttpServer server([](const FakeRequest&) { return answer("ok"); });
  HttpConnection connection(host_of(server), {});
  const auto file = open_file(path, O_RDONLY);
  ASSERT_TRUE(
      connection.exchange({.method = "PUT", .target = "/f", .headers = {}, .body = FileBody{file->get(), 10, content.size() - 20}}, {}));
  EXPECT_EQ(server.requests().at(0).body, content.substr(10, content.size() - 20));
  std::filesystem::remove(path);
}

TEST(HttpConnection, AFileThatGotShorterIsAnError) {
  const auto path = std::filesystem::temp_directory_path() / ("muster-file-" + random_hex(6));
  ASSERT_TRUE(write_file(path, "short", 0644, Durable::no));
  FakeHttpServer server([](const FakeRequest&) { return answer("ok"); });
  HttpConnection connection(host_of(server), {});
  const auto file = open_file(path, O_RDONLY);
  const auto response = connection.exchange({.method = "PUT", .target = "/f", .headers = {}, .body = FileBody{file->get(), 0, 100}}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::invalid);
  std::filesystem::remove(path);
}

TEST(HttpConnection, StreamsToASinkButErrorsToTheBody) {
  int count = 0;
  FakeHttpServer server([&](const FakeRequest&) {
    FakeAnswer result;
    result.chunks = {"one ", "two ", "three"};
    result.status = ++count == 1 ? 200 : 404;
    return result;
  });
  HttpConnection connection(host_of(server), {});
  std::string got;
  const ByteSink sink = [&](std::string_view bytes) {
    got += bytes;
    return Result<void>{};
  };
  auto response = connection.exchange({.target = "/"}, {}, sink);
  ASSERT_TRUE(response);
  EXPECT_EQ(got, "one two three");
  EXPECT_EQ(response->body, "");
  response = connection.exchange({.target = "/"}, {}, sink);
  ASSERT_TRUE(response);
  EXPECT_EQ(got, "one two three");
  EXPECT_EQ(response->body, "one two three");
}

TEST(HttpConnection, ASinksErrorEndsTheExchangeAndTheConnectionStaysInStep) {
  FakeHttpServer server([](const FakeRequest& request) { return answer(std::string(1 << 20, request.target.back())); });
  HttpConnection connection(host_of(server), {});
  const auto refused =
      connection.exchange({.target = "/a"}, {}, [](std::string_view) -> Result<void> { return fail(Code::disk_full, "full"); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::disk_full);
  const auto next = connection.exchange({.target = "/b"}, {});
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, std::string(1 << 20, 'b'));
}

TEST(HttpConnection, NobodyThereIsUnavailable) {
  int port = 0;
  {
    port = FakeHttpServer([](const FakeRequest&) { return FakeAnswer{}; }).port();
  }
  HttpConnection connection({"127.0.0.1", static_cast<std::uint16_t>(port)}, {});
  const auto response = connection.exchange({.target = "/"}, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::unavailable);
  HttpConnection unknown({"no-such-host.invalid", 80}, {});
  EXPECT_FALSE(unknown.exchange({.target = "/"}, {}));
}

TEST(HttpConnection, LostOnTheWayIsUnavailable) {
  FakeHttpServer server([](const FakeRequest& request) {
    FakeAnswer result = answer("0123456789");
    if (request.target == "/cut")
      result.cut_after = 4;
    else
      result.drop = true;
    return result;
  });
  HttpConnection connection(host_of(server), {});
  for (const char* target : {"/cut", "/drop"}) {
    const auto response = connection.exchange({.target = target}, {});
    ASSERT_FALSE(response) << target;
    EXPECT_EQ(response.error().code, Code::unavailable);
  }
}

TEST(HttpConnection, SilenceEndsAtTheDeadline) {
  FakeHttpServer server([](const FakeRequest&) {
    FakeAnswer result;
    result.hang = true;
    return result;
  });
  HttpConnection connection(host_of(server), {});
  auto response = connection.exchange({.target = "/"}, {.progress = milliseconds(50)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::timeout);
  response = connection.exchange({.target = "/"}, {.total = milliseconds(50)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, Code::timeout);
}

TEST(HttpConnection, AStopEndsAWaitingExchange) {
  std::promise<void> asked;
  FakeHttpServer server([&](const FakeRequest&) {
    asked.set_value();
    FakeAnswer result;
    result.hang = true;
    return result;
  });
  std::stop_source stop;
  HttpConnection connection(host_of(server), stop.get_token());
  std::jthread stopper([&] {
    asked.get_future().wait_for(std::chrono::seconds(10));
    stop.request_stop();
  });
  const auto response = connection.exchange({.target = "/"}, {.progress = std::chrono::seconds(30)});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().detail, "stopped");
  EXPECT_FALSE(connection.exchange({.target = "/"}, {}));
}

}  // namespace
}  // namespace muster::client
