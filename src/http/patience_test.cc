// Clients that are slow, too many, or leave; and the server's own end. Deadlines are short here, so that tests wait for events, not for
// minutes.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <ctime>
#include <thread>

#include <gtest/gtest.h>

#include "support/event.h"
#include "support/http_server.h"
#include "support/raw_http.h"

namespace muster::http {
namespace {

using namespace std::chrono_literals;
using test::get;
using test::HttpServer;
using test::RawAnswer;
using test::RawClient;
using test::request;
using test::route;
using test::text_response;
using test::Watched;

ServerOptions impatient() {
  ServerOptions options;
  options.header_deadline = 50ms;
  options.progress_deadline = 50ms;
  options.idle_deadline = 50ms;
  options.stream_tick = 10ms;
  return options;
}

std::vector<Route> echo() {
  return {route("POST", "/echo", [](Request& r) { return text_response(r.body); }),
          route("GET", "/hello", [](Request&) { return text_response("hello"); })};
}

TEST(PatienceTest, AHeaderThatDoesNotComeInTimeIs408) {
  HttpServer server(echo(), impatient());
  RawClient client(server.port());
  const RawAnswer answer = client.ask("GET /hello HT");
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(answer.json()["code"], "timeout");
  EXPECT_TRUE(client.ends());
}

TEST(PatienceTest, AHeaderThatTricklesIs408) {
  HttpServer server(echo(), impatient());
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\n");
  // Each byte comes well within the deadline; the header as a whole does not.
  std::thread trickle([&] {
    // Slowly, or the header would be too long before it is too late.
    while (client.send("a")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  EXPECT_TRUE(client.read_until("408 Request Timeout"));
  EXPECT_TRUE(client.ends());
  trickle.join();
}

TEST(PatienceTest, ADeadlineThatPassesBetweenTwoStepsOfAReadEndsItAllTheSame) {
  // The listener's only thread is held up until the deadline has passed and bytes have come: it finds both at once, and the first of the
  // read's steps is done when the deadline is looked at, the second not yet begun.
  Watched<bool> held(false);
  Watched<bool> go_on(false);
  HttpServer server(echo(), impatient(), nullptr, [&](const Request& request, Response&) {
    if (!request.query_value("hold")) return;
    held.set(true);
    go_on.wait_for(true);
  });
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\n");
  RawClient holder(server.port());
  holder.send(get("/hello?hold=1"));
  ASSERT_TRUE(held.wait_for(true));
  client.send("x: " + std::string(8000, 'a'));  // more than one step reads
  EXPECT_FALSE(client.has_bytes(2 * impatient().header_deadline));
  go_on.set(true);
  EXPECT_TRUE(client.read_until("408 Request Timeout"));
  EXPECT_TRUE(client.ends());
}

TEST(PatienceTest, ABodyThatDoesNotComeInTimeIs408) {
  HttpServer server(echo(), impatient());
  RawClient client(server.port());
  const RawAnswer answer = client.ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(client.ends());
}

TEST(PatienceTest, AnIdleConnectionIsClosedWithoutAWord) {
  HttpServer server(echo(), impatient());
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
  EXPECT_EQ(client.read_some(), "");
}

TEST(PatienceTest, AReaderThatTakesNothingIsLetGo) {
  Watched<bool> gone(false);
  struct Endless final : StreamSource {
    explicit Endless(Watched<bool>& gone_in) : gone(gone_in) {}
    ~Endless() override { gone.set(true); }
    std::optional<std::string> pull() override { return std::string(65536, 'x'); }
    void on_ready(std::function<void()>) override {}
    Watched<bool>& gone;
  };
  HttpServer server({route("GET", "/endless", [&](Request&) { return Response{200, {}, std::make_unique<Endless>(gone)}; })}, impatient());
  RawClient client(server.port(), 4096);
  client.send(get("/endless"));
  EXPECT_TRUE(gone.wait_for(true));
}

/// Knows whoever has a token.
Result<void> know(Request& request) {
  if (!request.header("authorization").empty()) request.context = true;
  return {};
}
const std::string kWithToken = get("/hello", "Authorization: Bearer x\r\n");

TEST(ConnectionCapTest, TheIdleOneWithoutATokenThatCameFirstMakesRoom) {
  ServerOptions options;
  options.max_connections = 3;
  HttpServer server(echo(), options, know);
  RawClient with_token(server.port());
  EXPECT_EQ(with_token.ask(kWithToken).status, 200);
  RawClient silent(server.port());
  RawClient begun(server.port());
  begun.send("GET /hello HTTP/1.1\r\n");
  RawClient next(server.port());
  EXPECT_EQ(next.ask(get("/hello")).status, 200);
  EXPECT_TRUE(silent.ends());
  RawClient last(server.port());
  EXPECT_EQ(last.ask(get("/hello")).status, 200);
  EXPECT_TRUE(begun.ends());
  EXPECT_EQ(with_token.ask(kWithToken).status, 200) << "who has shown a token is kept";
}

TEST(ConnectionCapTest, ACrowdThatSaysNothingKeepsNobodyOut) {
  ServerOptions options;
  options.max_connections = 10;
  HttpServer server(echo(), options);
  std::vector<std::unique_ptr<RawClient>> crowd;
  for (int i = 0; i < 200; ++i) crowd.push_back(std::make_unique<RawClient>(server.port()));
  EXPECT_EQ(RawClient(server.port()).ask(get("/hello")).status, 200);
}

TEST(ConnectionCapTest, OneMoreIsToldSo) {
  ServerOptions options;
  options.max_connections = 2;
  HttpServer server(echo(), options, know);
  RawClient first(server.port());
  auto second = std::make_unique<RawClient>(server.port());
  EXPECT_EQ(first.ask(kWithToken).status, 200);
  EXPECT_EQ(second->ask(kWithToken).status, 200);
  RawClient third(server.port());
  const RawAnswer answer = third.answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.json()["code"], "unavailable");
  third.close();
  second.reset();
  // As soon as the server has seen both leave, there is room again.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  int status = 0;
  while (status != 200 && std::chrono::steady_clock::now() < deadline) status = RawClient(server.port()).ask(get("/hello")).status;
  EXPECT_EQ(status, 200);
}

TEST(ShortageTest, WithoutADescriptorAClientWaitsAndNoCoreIsBurnt) {
  HttpServer server(echo());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit used_up = before;
  used_up.rlim_cur = static_cast<rlim_t>(Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &used_up), 0);
  RawClient client(server.port());  // it has the last one
  client.send(get("/hello"));
  const std::clock_t cpu = std::clock();
  EXPECT_FALSE(client.has_bytes(400ms));
  EXPECT_LT(std::clock() - cpu, CLOCKS_PER_SEC / 5) << "accepting again and again would take all of that time";
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(client.answer().body, "hello");
  EXPECT_EQ(RawClient(server.port()).ask(get("/hello")).body, "hello");
}

TEST(LoadTest, ManyClientsAtOnce) {
  HttpServer server(echo());
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([&, i] {
      RawClient client(server.port());
      for (int k = 0; k < 50; ++k) {
        const std::string body = fmt::format("{}-{}-{}", i, k, std::string(static_cast<std::size_t>(k) * 997, 'y'));
        if (client.ask(request("POST", "/echo", body)).body == body) ++right;
      }
    });
  }
  for (auto& client : clients) client.join();
  EXPECT_EQ(right, 16 * 50);
}

TEST(StopTest, ARunningHandlerFinishesAndItsAnswerGoesOut) {
  Watched<bool> inside(false);
  Watched<bool> go_on(false);
  HttpServer server({route("GET", "/slow", [&](Request&) {
    inside.set(true);
    go_on.wait_for(true);
    return text_response("done");
  })});
  RawClient client(server.port());
  RawClient idle(server.port());
  client.send(get("/slow"));
  ASSERT_TRUE(inside.wait_for(true));
  std::thread stopping([&] { server->stop(20s); });
  EXPECT_TRUE(idle.ends()) << "idle connections end at once";
  go_on.set(true);
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  stopping.join();
  server->stop(0ms);
  EXPECT_THROW(RawClient(server.port()), std::runtime_error) << "nothing listens any more";
}

TEST(StopTest, UnderLoadEveryAnswerIsWholeOrNone) {
  HttpServer server(echo());
  std::atomic<int> whole{0};
  std::atomic<int> torn{0};
  Watched<int> warm(0);
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      try {
        RawClient client(server.port());
        for (int k = 0;; ++k) {
          if (!client.send(request("POST", "/echo", "some body"))) return;
          const RawAnswer answer = client.answer();
          if (answer.status == 0) return;
          ++(answer.whole && answer.body == "some body" ? whole : torn);
          if (k == 10) warm.change([](int& n) { ++n; });
        }
      } catch (const std::runtime_error&) {
      }
    });
  }
  ASSERT_TRUE(warm.wait_for(8));
  server->stop(20s);
  for (auto& client : clients) client.join();
  EXPECT_GE(whole, 80);
  EXPECT_EQ(torn, 0);
}

TEST(StopTest, AStreamIsCutOffSoThatItsReaderKnows) {
  Watched<bool> waiting(false);
  struct Silent final : StreamSource {
    explicit Silent(Watched<bool>& waiting_in) : waiting(waiting_in) {}
    std::optional<std::string> pull() override {
      if (first) return first = false, "begin";
      waiting.set(true);
      return "";
    }
    void on_ready(std::function<void()>) override {}
    bool first = true;
    Watched<bool>& waiting;
  };
  HttpServer server({route("GET", "/stream", [&](Request&) { return Response{200, {}, std::make_unique<Silent>(waiting)}; })});
  RawClient client(server.port());
  client.send(get("/stream"));
  ASSERT_TRUE(waiting.wait_for(true));
  server->stop(20s);
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.body, "begin");
  EXPECT_FALSE(answer.whole);
}

}  // namespace
}  // namespace muster::http
