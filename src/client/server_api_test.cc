#include "client/server_api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>

#include "model/server_proof.h"
#include "support/fake_http_server.h"

namespace muster::client {
namespace {

using std::chrono::milliseconds;
using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

FakeAnswer answer(int status, std::string body) {
  FakeAnswer result;
  result.status = status;
  result.body = std::move(body);
  return result;
}

FakeAnswer dropped() {
  FakeAnswer result;
  result.drop = true;
  return result;
}

std::shared_ptr<Api> api_for(const std::string& url) {
  ApiOptions options;
  options.address = {url, "secret", "default"};
  options.retry = {.first_wait = milliseconds(1), .longest_wait = milliseconds(4), .give_up_after = milliseconds(3'000)};
  return *Api::create(std::move(options));
}

TEST(Api, CarriesTheTokenAndSpeaksJson) {
  FakeHttpServer server([](const FakeRequest&) { return answer(201, R"({"a": 1})"); });
  const auto api = api_for(server.url());
  const auto json = api->post(api->in_workspace({"runs", "a b/c"}), {{"x", 1}}, {{"q", "1"}});
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["a"], 1);
  const FakeRequest request = server.requests().at(0);
  EXPECT_EQ(request.target, "/api/v1/workspaces/default/runs/a%20b%2Fc?q=1");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer secret");
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.body, R"({"x":1})");
}

TEST(Api, GivesTheServersErrorAsItIs) {
  FakeHttpServer server([](const FakeRequest&) { return answer(404, R"({"code": "not_found", "detail": "no run x", "hint": "list"})"); });
  const auto json = api_for(server.url())->get("/x");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().code, Code::not_found);
  EXPECT_EQ(json.error().hint, "list");
}

TEST(Api, SaysWhereATokenThatIsRefusedCameFrom) {
  FakeHttpServer server(
      [](const FakeRequest&) { return answer(401, R"({"code": "unauthorized", "detail": "not known", "hint": "look"})"); });
  ApiOptions options;
  options.address = {server.url(), "secret", "default"};
  options.address.token_hint = "it came from the file";
  const auto json = (*Api::create(std::move(options)))->get("/x");
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().hint, "look; it came from the file");
}

TEST(Api, WithAProofKeyOnlyAProvenAnswerIsOne) {
  enum class Proof { right, of_another_key, of_another_status, of_an_earlier_request, none };
  Proof proof = Proof::none;
  std::string earlier;
  FakeHttpServer server([&](const FakeRequest& request) {
    FakeAnswer given = answer(200, R"({"a": 1})");
    const std::string nonce = request.headers.at("muster-nonce");
    const std::string key = proof == Proof::of_another_key ? "another" : "key";
    std::string text = model::server_proof(key, nonce, proof == Proof::of_another_status ? 404 : 200);
    if (proof == Proof::of_an_earlier_request) text = earlier;
    if (proof != Proof::none) given.headers.emplace_back("Muster-Proof", text);
    earlier = text;
    return given;
  });
  ApiOptions options;
  options.address = {server.url(), "secret", "default"};
  options.retry.give_up_after = milliseconds(0);
  options.proof_key = "key";
  const auto api = *Api::create(std::move(options));
  for (const Proof wrong : {Proof::none, Proof::of_another_key, Proof::of_another_status}) {
    proof = wrong;
    std::string body;
    const auto streamed = api->stream("/x", {}, [&](std::string_view bytes) -> Result<void> {
      body += bytes;
      return {};
    });
    EXPECT_EQ(streamed.error().code, Code::unavailable);
    EXPECT_EQ(body, "") << "nothing of a stranger is used";
    EXPECT_EQ(api->get("/x").error().code, Code::unavailable);
    EXPECT_EQ(api->put_bytes("/x", {}, std::string("bytes")).error().code, Code::unavailable);
  }
  proof = Proof::right;
  EXPECT_TRUE(api->get("/x"));
  proof = Proof::of_an_earlier_request;
  EXPECT_EQ(api->get("/x").error().code, Code::unavailable);
  for (const FakeRequest& request : server.requests()) {
    for (const auto& [name, value] : request.headers) EXPECT_EQ(value.find("key"), std::string::npos) << name;
  }
}

TEST(Api, AnAnswerThatIsNoJsonIsTheServersFault) {
  FakeHttpServer server([](const FakeRequest&) { return answer(200, "<html>"); });
  EXPECT_EQ(api_for(server.url())->get("/x").error().code, Code::internal);
}

TEST(Api, TriesAgainWithTheSameKeyOnceTheServerHasAnswered) {
  std::atomic<int> count{0};
  FakeHttpServer server([&](const FakeRequest&) {
    const int n = ++count;
    if (n == 2) return dropped();
    if (n == 3) return answer(503, R"({"code": "unavailable", "detail": "closing"})");
    return answer(200, "{}");
  });
  const auto api = api_for(server.url());
  ASSERT_TRUE(api->get("/first"));
  ASSERT_TRUE(api->create_resource("/runs", {{"x", 1}}));
  const auto requests = server.requests();
  ASSERT_GE(requests.size(), 4u);
  const std::string key = requests.back().headers.at("idempotency-key");
  EXPECT_EQ(key.size(), 32u);
  for (std::size_t i = 1; i < requests.size(); ++i) EXPECT_EQ(requests[i].headers.at("idempotency-key"), key);
}

TEST(Api, AFirstCallThatMayHaveMadeSomethingIsMadeAgainWithItsKey) {
  std::atomic<int> count{0};
  FakeHttpServer server([&](const FakeRequest&) { return ++count < 3 ? dropped() : answer(200, "{}"); });
  const auto api = api_for(server.url());
  EXPECT_FALSE(api->get("/x")) << "a call that makes nothing says at once that there is no answer";
  ASSERT_TRUE(api->create_resource("/models", {{"x", 1}}));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].headers.at("idempotency-key"), requests[2].headers.at("idempotency-key"));
}

TEST(Api, AServerThatIsNotThereIsToldAtOnce) {
  std::string url;
  {
    url = FakeHttpServer([](const FakeRequest&) { return FakeAnswer{}; }).url();
  }
  const auto began = std::chrono::steady_clock::now();
  const auto json = api_for(url)->get("/x");
  ASSERT_FALSE(json);
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(2'000));
  EXPECT_EQ(json.error().code, Code::unavailable);
  EXPECT_EQ(json.error().hint, "start it with `muster up`");
  EXPECT_NE(json.error().detail.find(url), std::string::npos);
}

TEST(Api, CallersThatTryAgainThemselvesAreAsImpatientBeforeTheFirstAnswer) {
  FakeHttpServer server([](const FakeRequest&) { return answer(200, "{}"); });
  const auto api = api_for(server.url());
  EXPECT_EQ(api->retry_policy().give_up_after, milliseconds(0));
  ASSERT_TRUE(api->get("/x"));
  EXPECT_EQ(api->retry_policy().give_up_after, milliseconds(3'000));
}

TEST(Api, ADownloadGoesOnWhereItStopped) {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += std::to_string(i) + "\n";
  FakeHttpServer server([&](const FakeRequest& request) {
    std::size_t from = 0;
    if (const auto range = request.headers.find("range"); range != request.headers.end()) from = std::stoul(range->second.substr(6));
    FakeAnswer result = answer(from > 0 ? 206 : 200, content.substr(from));
    result.headers = {{"ETag", "\"e\""}};
    if (content.size() - from > 200'000) result.cut_after = 150'000;
    return result;
  });
  std::string got;
  const auto response = api_for(server.url())->download("/f", {}, [&](std::string_view bytes) {
    got += bytes;
    return Result<void>{};
  });
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(got, content);
  EXPECT_EQ(response->header("etag"), "\"e\"");
  EXPECT_GT(server.requests().size(), 2u);
}

TEST(Api, ADownloadThatProgressesIsNeverGivenUp) {
  // More breaks than the policy has patience for, were it counted from the start: each wait alone takes a tenth of it.
  ApiOptions options;
  options.retry.first_wait = options.retry.longest_wait = milliseconds(20);
  options.retry.give_up_after = milliseconds(200);
  const std::string content(30'000, 'x');
  FakeHttpServer server([&](const FakeRequest& request) {
    const auto range = request.headers.find("range");
    const std::size_t from = range == request.headers.end() ? 0 : std::stoul(range->second.substr(6));
    FakeAnswer result = answer(from > 0 ? 206 : 200, content.substr(from));
    if (result.body.size() > 1'000) result.cut_after = 1'000;
    return result;
  });
  options.address = {server.url(), "token", "default"};
  std::uint64_t got = 0;
  const auto response = Api::create(std::move(options)).value()->download("/f", {}, [&](std::string_view bytes) {
    got += bytes.size();
    return Result<void>{};
  });
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(got, content.size());
  EXPECT_GE(server.requests().size(), 30u);
}

TEST(Api, ASinksErrorIsNotTriedAgain) {
  FakeHttpServer server([](const FakeRequest&) { return answer(200, "bytes"); });
  const auto response =
      api_for(server.url())->download("/f", {}, [](std::string_view) -> Result<void> { return fail(Code::unavailable, "sink"); });
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().detail, "sink");
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(Api, ReadsAnEventStreamToItsEnd) {
  FakeHttpServer server([](const FakeRequest&) {
    FakeAnswer result;
    result.chunks = {"event: status\nda", "ta: {}\n\n: alive\n", "\nevent: end\ndata: 1\n\n"};
    return result;
  });
  std::vector<std::string> names;
  ASSERT_TRUE(api_for(server.url())->stream_events("/events", {}, [&](ServerEvent event) {
    names.push_back(event.name);
    return Result<void>{};
  }));
  EXPECT_EQ(names, (std::vector<std::string>{"status", "end"}));
}

TEST(Api, ManyThreadsMayCall) {
  FakeHttpServer server([](const FakeRequest& request) { return answer(200, request.body); });
  const auto api = api_for(server.url());
  std::atomic<int> right{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const auto json = api->post("/echo", {{"n", t * 1000 + i}});
          if (json && (*json)["n"] == t * 1000 + i) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, 200);
}

}  // namespace
}  // namespace muster::client
