#include "client/log_text.h"

#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_http_server.h"

namespace muster::client {
namespace {

using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

std::shared_ptr<Api> api_for(const std::string& url) {
  ApiOptions options;
  options.address = {url, "token", "default"};
  options.retry.first_wait = std::chrono::milliseconds(1);
  options.retry.longest_wait = std::chrono::milliseconds(10);
  // Far less than all the attempts take together, far more than one.
  options.retry.give_up_after = std::chrono::milliseconds(2'000);
  return Api::create(std::move(options)).value();
}

std::string lines_of(int rank, int from, int to) {
  std::string lines;
  for (int i = from; i < to; ++i) lines += "[rank " + std::to_string(rank) + "] line " + std::to_string(i) + "\n";
  return lines;
}

TEST(LogText, ALogGoesOnAtTheByteWhereItStopped) {
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += std::to_string(i) + "\n";
  FakeHttpServer server([&](const FakeRequest& request) {
    const std::size_t at = request.target.find("offset=");
    FakeAnswer answer;
    answer.body = content.substr(at == std::string::npos ? 0 : std::stoul(request.target.substr(at + 7)));
    if (answer.body.size() > 10'000) answer.cut_after = 7'777;
    return answer;
  });
  std::string got;
  const auto read = read_log(*api_for(server.url()), "/log", {{"follow", "true"}}, [&](std::string_view bytes) {
    got += bytes;
    return Result<void>{};
  });
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(got, content);
  EXPECT_GT(server.requests().size(), 5u);
  EXPECT_THAT(server.requests().back().target, testing::HasSubstr("follow=true"));
}

TEST(LogText, AMergedLogGoesOnAtTheLineOfEachRankWhereItStopped) {
  const std::string first = lines_of(0, 0, 50) + lines_of(1, 0, 40) + "[rank 1] li";
  const std::string second = lines_of(1, 40, 70) + lines_of(0, 50, 60);
  std::atomic<int> calls{0};
  FakeHttpServer server([&](const FakeRequest&) {
    FakeAnswer answer;
    if (++calls == 1) {
      answer.body = first + "ne 40\n";
      answer.cut_after = first.size();
    } else {
      answer.body = second;
    }
    return answer;
  });
  std::string got;
  const auto read = read_merged_log(*api_for(server.url()), "/merged", {}, [&](std::string_view bytes) {
    got += bytes;
    return Result<void>{};
  });
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(got, lines_of(0, 0, 50) + lines_of(1, 0, 40) + second);
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests().back().target,
              testing::AnyOf(testing::HasSubstr("skip=0:50,1:40"), testing::HasSubstr("skip=0%3A50%2C1%3A40")));
}

TEST(LogText, ASinksErrorEndsIt) {
  FakeHttpServer server([](const FakeRequest&) {
    FakeAnswer answer;
    answer.body = "text";
    return answer;
  });
  const auto read = read_log(*api_for(server.url()), "/log", {},
                             [](std::string_view) -> Result<void> { return fail(Code::unavailable, "nobody reads"); });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().detail, "nobody reads");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(LogText, ASilentServerIsGivenUp) {
  FakeHttpServer server([](const FakeRequest&) {
    FakeAnswer answer;
    answer.body = "text";
    answer.cut_after = 0;
    return answer;
  });
  const auto read = read_log(*api_for(server.url()), "/log", {}, [](std::string_view) { return Result<void>{}; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::unavailable);
}

}  // namespace
}  // namespace muster::client
