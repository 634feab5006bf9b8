// One connection's conversation: requests in every shape that HTTP allows, and in those it does not.
#include "http/server.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "support/http_server.h"
#include "support/raw_http.h"

namespace muster::http {
namespace {

using test::get;
using test::HttpServer;
using test::RawAnswer;
using test::RawClient;
using test::request;
using test::route;
using test::text_response;

std::vector<Route> routes() {
  return {route("GET", "/hello", [](Request&) { return text_response("hello"); }),
          route("GET", "/big", [](Request&) { return text_response(std::string(1'000'000, 'x')); }),
          route("GET", "/echo/{what...}",
                [](Request& r) { return text_response(r.parameter("what") + "|" + r.query_value("q").value_or("-")); }),
          route(
              "POST", "/echo", [](Request& r) { return text_response(r.body); }, 100'000),
          route("GET", "/none", [](Request&) { return empty_response(); }),
          route("GET", "/split",
                [](Request&) {
                  return Response{200, {{"x-name", "a\r\nset-cookie: b"}}, std::string("x")};
                }),
          route("GET", "/throw", [](Request&) -> Response { throw std::runtime_error("secret detail"); }),
          route("GET", "/header", [](Request& r) { return text_response(r.header("x-some")); })};
}

void expect_problem(const RawAnswer& answer, int status, std::string_view code) {
  EXPECT_EQ(answer.status, status) << answer.body;
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.headers.at("content-type"), "application/problem+json");
  const Json problem = answer.json();
  ASSERT_TRUE(problem.is_object()) << answer.body;
  EXPECT_EQ(problem["code"], code);
  EXPECT_EQ(problem["status"], status);
  EXPECT_FALSE(problem["detail"].get<std::string>().empty());
}

struct ServerTest : testing::Test {
  HttpServer server{routes()};
  RawClient client{server.port()};
};

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer = client.ask(get("/hello"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
    EXPECT_EQ(answer.headers.at("x-content-type-options"), "nosniff");
  }
}

TEST(Server, WhatFinishesAnswersSeesRefusalsToo) {
  HttpServer server(routes(), {}, nullptr, [](const Request& request, Response& response) {
    response.headers.emplace_back("x-finished", request.method + " " + std::to_string(response.status));
  });
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello")).headers.at("x-finished"), "GET 200");
  EXPECT_EQ(client.ask(get("/nothing")).headers.at("x-finished"), "GET 404");
  EXPECT_EQ(client.ask(get("/throw")).headers.at("x-finished"), "GET 500");
  EXPECT_EQ(client.ask(request("POST", "/echo", std::string(100'001, 'x'))).headers.at("x-finished"), "POST 413");
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  client.send(get("/echo/1") + request("POST", "/echo", "two") + get("/echo/3") + get("/big") + get("/echo/5"));
  EXPECT_EQ(client.answer().body, "1|-");
  EXPECT_EQ(client.answer().body, "two");
  EXPECT_EQ(client.answer().body, "3|-");
  EXPECT_EQ(client.answer().body.size(), 1'000'000u);
  EXPECT_EQ(client.answer().body, "5|-");
}

TEST_F(ServerTest, ARequestMayComeByteByByte) {
  for (const char c : request("POST", "/echo", "slowly")) client.send(std::string(1, c));
  EXPECT_EQ(client.answer().body, "slowly");
}

TEST_F(ServerTest, ParametersAndQueryAreDecoded) { EXPECT_EQ(client.ask(get("/echo/a%2Fb/%C3%A9?q=1+2%2b")).body, "a/b/é|1 2+"); }

TEST_F(ServerTest, HeadHasTheHeadersAlone) {
  client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" + get("/hello"));
  const RawAnswer head = client.answer(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "5");
  EXPECT_EQ(client.answer().body, "hello");
}

TEST_F(ServerTest, NoContentHasNoBody) {
  client.send(get("/none") + get("/hello"));
  const RawAnswer none = client.answer();
  EXPECT_EQ(none.status, 204);
  EXPECT_FALSE(none.headers.contains("content-length"));
  EXPECT_EQ(client.answer().body, "hello");
}

TEST_F(ServerTest, ChunkedBodiesAreJoined) {
  const std::string header = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(client.ask(header + "3\r\nabc\r\n5;ext=1\r\ndefgh\r\n0\r\nTrailer: x\r\n\r\n").body, "abcdefgh");
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST_F(ServerTest, Expect100IsAnsweredBeforeTheBody) {
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer().status, 100);
  EXPECT_EQ(client.ask("abc").body, "abc");
}

TEST_F(ServerTest, Expect100IsRefusedBeforeTheBody) {
  expect_problem(client.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n"), 413, "too_large");
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, RepeatedHeadersAreJoined) { EXPECT_EQ(client.ask(get("/header", "X-Some: a\r\nx-some: b\r\n")).body, "a, b"); }

TEST_F(ServerTest, HeaderValuesCannotEndTheLine) {
  const RawAnswer answer = client.ask(get("/split"));
  EXPECT_EQ(answer.headers.at("x-name"), "a  set-cookie: b");
}

TEST_F(ServerTest, Http10IsAnsweredAndClosed) {
  EXPECT_EQ(client.ask("GET /hello HTTP/1.0\r\n\r\n").body, "hello");
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, ConnectionCloseIsObeyed) {
  const RawAnswer answer = client.ask(get("/hello", "Connection: close\r\n"));
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(client.ends());
}

TEST_F(ServerTest, AnExceptionIsAProblemWithAnId) {
  const RawAnswer answer = client.ask(get("/throw"));
  expect_problem(answer, 500, "internal");
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST_F(ServerTest, UnknownPathAndMethod) {
  expect_problem(client.ask(get("/nothing")), 404, "not_found");
  const RawAnswer answer = client.ask(request("DELETE", "/hello", ""));
  expect_problem(answer, 405, "method_not_allowed");
  EXPECT_EQ(answer.headers.at("allow"), "GET, HEAD");
  expect_problem(client.ask("BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n"), 405, "method_not_allowed");
}

struct BadRequest {
  std::string name;
  std::string bytes;
  int status;
  std::string code;
};

class BadRequestTest : public testing::TestWithParam<BadRequest> {};

TEST_P(BadRequestTest, IsRefusedInWordsAndOthersGoOn) {
  HttpServer server(routes());
  RawClient client(server.port());
  expect_problem(client.ask(GetParam().bytes), GetParam().status, GetParam().code);
  EXPECT_EQ(RawClient(server.port()).ask(get("/hello")).body, "hello");
}

const std::string kChunked = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
INSTANTIATE_TEST_SUITE_P(
    All, BadRequestTest,
    testing::Values(BadRequest{"Garbage", "\x16\x03\x01\x02 not http\r\n\r\n", 400, "malformed"},
                    BadRequest{"NoTarget", "GET HTTP/1.1\r\n\r\n", 400, "malformed"},
                    BadRequest{"BadEscape", get("/a%zz"), 400, "malformed"}, BadRequest{"NulInPath", get("/a%00"), 400, "malformed"},
                    BadRequest{"NotUtf8", get("/%ff"), 400, "malformed"},
                    BadRequest{"Version", "GET /hello HTTP/2.0\r\n\r\n", 400, "malformed"},
                    BadRequest{"HeaderWithoutColon", "GET /hello HTTP/1.1\r\nHost\r\n\r\n", 400, "malformed"},
                    BadRequest{"NoHost", "GET /hello HTTP/1.1\r\n\r\n", 400, "malformed"},
                    BadRequest{"TwoHosts", get("/hello", "Host: other\r\n"), 400, "malformed"},
                    BadRequest{"BadLength", "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400, "malformed"},
                    BadRequest{"TwoLengths", "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "malformed"},
                    BadRequest{"LengthAndChunks", "POST /echo HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400,
                               "malformed"},
                    BadRequest{"BadChunk", kChunked + "zz\r\n", 400, "malformed"},
                    BadRequest{"HugeChunk", kChunked + "FFFFFFFFFFFFFFFFF\r\n", 400, "malformed"},
                    BadRequest{"HugeHeader", get("/hello", "X: " + std::string(100'000, 'a') + "\r\n"), 431, "too_large"},
                    BadRequest{"ManyHeaders",
                               get("/hello",
                                   [] {
                                     std::string all;
                                     for (int i = 0; i < 5000; ++i) all += "A: b\r\n";
                                     return all;
                                   }()),
                               431, "too_large"},
                    BadRequest{"HugeTarget", get("/" + std::string(100'000, 'a')), 431, "too_large"},
                    BadRequest{"LengthOverLimit", request("POST", "/echo", std::string(100'001, 'a')), 413, "too_large"},
                    BadRequest{"ChunksOverLimit", kChunked + "30000\r\n" + std::string(0x30000, 'a') + "\r\n0\r\n\r\n", 413, "too_large"},
                    BadRequest{"LengthOverflow", "POST /echo HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400,
                               "malformed"}),
    [](const auto& tested) { return tested.param.name; });

/// A body whose end is not known must not be run as the next request.
class SmuggledRequestTest : public testing::TestWithParam<std::pair<std::string, int>> {};

TEST_P(SmuggledRequestTest, IsRefusedAndTheConnectionCloses) {
  int served = 0;
  HttpServer server({route("POST", "/echo", [](Request& r) { return text_response(r.body); }), route("GET", "/hidden", [&](Request&) {
                       ++served;
                       return text_response("hidden");
                     })});
  RawClient client(server.port());
  const auto& [headers, status] = GetParam();
  expect_problem(client.ask("POST /echo HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + get("/hidden")), status, "malformed");
  std::string more;
  for (std::string bytes = client.read_some(); !bytes.empty(); bytes = client.read_some()) more += bytes;
  EXPECT_EQ(client.unread() + more, "") << "nothing comes after the refusal";
  EXPECT_EQ(served, 0);
}

INSTANTIATE_TEST_SUITE_P(All, SmuggledRequestTest,
                         testing::Values(std::pair{"Transfer-Encoding: xchunked\r\n", 501},
                                         std::pair{"Transfer-Encoding: identity\r\n", 501},
                                         std::pair{"Transfer-Encoding: chunked, identity\r\n", 501},
                                         std::pair{"Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n", 400},
                                         std::pair{"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", 400},
                                         std::pair{"Transfer-Encoding: identity\r\nTransfer-Encoding: identity\r\n", 400},
                                         std::pair{"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", 400},
                                         std::pair{"Expect: the-best\r\n", 417},
                                         std::pair{"Expect: the-best\r\nContent-Length: 5\r\n", 417}));

TEST(GateTest, RefusesBeforeTheBodyIsRead) {
  HttpServer server(routes(), {}, [](Request& r) -> Result<void> {
    if (r.header("authorization") != "Bearer good") return fail(Code::unauthorized, "no token");
    return {};
  });
  RawClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n");  // and nothing more
  const RawAnswer refused = client.answer();
  expect_problem(refused, 401, "unauthorized");
  EXPECT_EQ(refused.headers.at("www-authenticate"), "Bearer");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(RawClient(server.port()).ask(get("/hello", "Authorization: Bearer good\r\n")).body, "hello");
}

TEST(ServerStartTest, APortThatIsTakenNamesWhoHasIt) {
  HttpServer first(routes());
  ServerOptions options;
  options.port = first.port();
  const auto second = Server::start(options, std::make_shared<Router>(), nullptr);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_NE(second.error().detail.find(fmt::format("process {}", ::getpid())), std::string::npos) << second.error().detail;
}

TEST(ServerStartTest, AnAddressOfAnotherMachineIsRefused) {
  ServerOptions options;
  options.address = "203.0.113.1";
  const auto server = Server::start(options, std::make_shared<Router>(), nullptr);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::unavailable);
}

}  // namespace
}  // namespace muster::http
