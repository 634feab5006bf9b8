// Bodies that do not fit in memory: uploads into sinks, streams out of sources, files.
#include <fcntl.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "http/file_response.h"
#include "support/event.h"
#include "support/http_server.h"
#include "support/raw_http.h"
#include "support/temp_folder.h"

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

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 88172645463325252ULL;
  for (char& c : bytes) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    c = static_cast<char>(state);
  }
  return bytes;
}

/// What happened to an upload.
struct Log {
  std::string bytes;
  bool finished = false;
  bool discarded = false;
};

struct Sink final : UploadSink {
  Sink(Watched<Log>& log_in, Watched<bool>& open_in, std::size_t space_in) : log(log_in), open(open_in), space(space_in) {}
  ~Sink() override {
    log.change([](Log& now) { now.discarded = !now.finished; });
  }
  Result<void> write(std::string_view bytes) override {
    open.wait_for(true);
    if (log.get().bytes.size() + bytes.size() > space) return fail(Code::disk_full, "the disk is full");
    log.change([&](Log& now) { now.bytes += bytes; });
    return {};
  }
  Response finish() override {
    log.change([](Log& now) { now.finished = true; });
    return text_response(std::to_string(log.get().bytes.size()), 201);
  }
  Watched<Log>& log;
  Watched<bool>& open;  ///< closed: the disk is busy
  std::size_t space;
};

struct UploadTest : testing::Test {
  Watched<Log> log;
  Watched<bool> open{true};
  HttpServer server{{Route{"PUT", "/up", nullptr,
                           [this](Request& r) -> Result<std::unique_ptr<UploadSink>> {
                             if (r.query_value("no")) return fail(Code::forbidden, "not here");
                             return std::make_unique<Sink>(log, open, r.query_value("small") ? 4'000'000 : SIZE_MAX);
                           },
                           64u << 20},
                     route("GET", "/hello", [](Request&) { return text_response("hello"); })}};
  RawClient client{server.port()};
};

TEST_F(UploadTest, EveryByteArrivesInOrder) {
  const std::string bytes = noise(5'000'001);
  const RawAnswer answer = client.ask(request("PUT", "/up", bytes));
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "5000001");
  EXPECT_TRUE(log.get().bytes == bytes);
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST_F(UploadTest, ChunkedAndEmptyOnesToo) {
  EXPECT_EQ(client.ask("PUT /up HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").body, "3");
  log.set({});
  EXPECT_EQ(client.ask(request("PUT", "/up", "")).body, "0");
}

TEST_F(UploadTest, ARefusalComesBeforeTheBody) {
  const RawAnswer answer = client.ask("PUT /up?no HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(answer.status, 403);
}

TEST_F(UploadTest, AClientThatLeavesDiscardsTheUpload) {
  client.send("PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + std::string(600'000, 'a'));
  ASSERT_TRUE(log.wait([](const Log& now) { return now.bytes.size() >= 500'000; }));
  client.close();
  EXPECT_TRUE(log.wait([](const Log& now) { return now.discarded; }));
  EXPECT_FALSE(log.get().finished);
}

TEST_F(UploadTest, ASinkThatFailsAnswersWhileTheClientStillSends) {
  client.send(request("PUT", "/up?small", std::string(30'000'000, 'a')));
  const RawAnswer answer = client.answer();
  EXPECT_EQ(answer.status, 507);
  EXPECT_EQ(answer.json()["code"], "disk_full");
  EXPECT_TRUE(log.wait([](const Log& now) { return now.discarded; }));
}

TEST_F(UploadTest, ASinkThatIsBusyHoldsTheClientBack) {
  open.set(false);
  Watched<std::size_t> sent(0);
  std::jthread sending([&] {
    client.send("PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
    const std::string part(100'000, 'a');
    for (std::size_t i = 0; i < 200; ++i) {
      if (!client.send(part)) return;
      sent.change([&](std::size_t& n) { n += part.size(); });
    }
  });
  // The kernel's buffers fill, and then the client waits: it cannot have sent everything.
  EXPECT_TRUE(sent.wait([](std::size_t n) { return n > 500'000; }));
  EXPECT_FALSE(sent.wait([](std::size_t n) { return n >= 20'000'000; }, 300ms));
  EXPECT_TRUE(log.get().bytes.empty());
  open.set(true);
  EXPECT_EQ(client.answer().body, "20000000");
}

/// A source that a test feeds.
struct Feed {
  struct State {
    std::vector<std::string> pieces;
    bool ended = false;
    bool broken = false;
    int pulls = 0;
    bool destroyed = false;
    std::function<void()> wake;
  };
  Watched<State> state;
  struct Source final : StreamSource {
    explicit Source(Feed& feed_in) : feed(feed_in) {}
    ~Source() override {
      feed.state.change([](State& now) { now.destroyed = true; });
    }
    std::optional<std::string> pull() override {
      std::optional<std::string> piece("");
      bool broken = false;
      feed.state.change([&](State& now) {
        ++now.pulls;
        broken = now.broken;
        if (!now.pieces.empty()) {
          piece = now.pieces.front();
          now.pieces.erase(now.pieces.begin());
        } else if (now.ended) {
          piece = std::nullopt;
        }
      });
      if (broken) throw std::runtime_error("broken");
      return piece;
    }
    void on_ready(std::function<void()> wake) override {
      feed.state.change([&](State& now) { now.wake = std::move(wake); });
    }
    Feed& feed;
  };
  void push(std::string piece) {
    state.change([&](State& now) { now.pieces.push_back(std::move(piece)); });
    if (auto wake = state.get().wake) wake();
  }
  void end() {
    state.change([](State& now) { now.ended = true; });
    if (auto wake = state.get().wake) wake();
  }
};

struct StreamTest : testing::Test {
  static ServerOptions options() {
    ServerOptions all;
    all.stream_tick = 3600s;  // only wakes count here
    return all;
  }
  Feed feed;
  HttpServer server{{route("GET", "/stream",
                           [this](Request&) {
                             return Response{200, {{"content-type", "text/plain"}}, std::make_unique<Feed::Source>(feed)};
                           }),
                     route("GET", "/hello", [](Request&) { return text_response("hello"); })},
                    options()};
  RawClient client{server.port()};
};

TEST_F(StreamTest, PiecesComeAsTheyAreMadeAndTheConnectionGoesOn) {
  client.send(get("/stream"));
  ASSERT_TRUE(client.read_until("\r\n\r\n")) << "the header does not wait for the first piece";
  feed.push("one");
  ASSERT_TRUE(client.read_until("3\r\none\r\n"));
  feed.push("two");
  ASSERT_TRUE(client.read_until("3\r\ntwo\r\n"));
  feed.end();
  ASSERT_TRUE(client.read_until("0\r\n\r\n"));
  EXPECT_EQ(client.ask(get("/hello")).body, "hello");
}

TEST_F(StreamTest, HeadDoesNotPull) {
  client.send("HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(client.answer(true).status, 200);
  EXPECT_TRUE(feed.state.wait([](const Feed::State& now) { return now.destroyed; }));
  EXPECT_EQ(feed.state.get().pulls, 0);
}

TEST_F(StreamTest, ForHttp10ItsEndIsTheConnectionsEnd) {
  feed.push("abc");
  feed.end();
  client.send("GET /stream HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(client.read_until("\r\n\r\nabc"));
  EXPECT_EQ(client.read_some(), "");
}

TEST_F(StreamTest, APipelinedRequestWaitsForItsEnd) {
  client.send(get("/stream") + get("/hello"));
  ASSERT_TRUE(client.read_until("\r\n\r\n"));
  feed.push("one");
  ASSERT_TRUE(client.read_until("one"));
  feed.end();
  ASSERT_TRUE(client.read_until("0\r\n\r\n"));
  EXPECT_EQ(client.answer().body, "hello");
}

TEST_F(StreamTest, AReaderThatLeavesIsNoticedWhileNothingIsSent) {
  client.send(get("/stream"));
  ASSERT_TRUE(client.read_until("\r\n\r\n"));
  client.close();
  EXPECT_TRUE(feed.state.wait([](const Feed::State& now) { return now.destroyed; }));
  feed.push("late");  // a wake after the end is harmless
}

TEST_F(StreamTest, AnExceptionCutsItOff) {
  feed.push("one");
  client.send(get("/stream"));
  ASSERT_TRUE(client.read_until("one"));
  feed.state.change([](Feed::State& now) { now.broken = true; });
  feed.end();
  EXPECT_FALSE(client.read_until("0\r\n\r\n"));
}

TEST_F(StreamTest, ASlowReaderIsPulledForNoFasterThanItReads) {
  for (int i = 0; i < 400; ++i) feed.push(std::string(100'000, 'x'));
  feed.end();
  RawClient slow(server.port(), 4096);
  slow.send(get("/stream"));
  ASSERT_TRUE(feed.state.wait([](const Feed::State& now) { return now.pulls >= 2; }));
  // 40 MB wait in the source; what has left it lies in the kernel's buffers.
  EXPECT_FALSE(feed.state.wait([](const Feed::State& now) { return now.pieces.size() < 200; }, 300ms));
  const RawAnswer answer = slow.answer();
  EXPECT_TRUE(answer.whole);
  EXPECT_EQ(answer.body.size(), 40'000'000u);
}

TEST(StreamTickTest, ASourceThatNobodyWakesIsAskedAgain) {
  ServerOptions options;
  options.stream_tick = 1ms;
  Feed feed;
  HttpServer server({route("GET", "/stream", [&](Request&) { return Response{200, {}, std::make_unique<Feed::Source>(feed)}; })}, options);
  RawClient client(server.port());
  client.send(get("/stream"));
  EXPECT_TRUE(feed.state.wait([](const Feed::State& now) { return now.pulls > 3; }));
}

struct FileTest : testing::Test {
  test::TempFolder folder;
  std::string bytes = noise(20'000'003);
  std::uint64_t promised = bytes.size();
  bool remote = false;
  HttpServer server{
      {route("GET", "/file", [this](Request& r) { return source_response(r, source(), "tag", "application/octet-stream"); })}};
  void SetUp() override { ASSERT_TRUE(write_file(folder / "f", bytes)); }

  /// What is no file of this machine goes through memory.
  class Remote final : public ByteSource {
   public:
    explicit Remote(std::unique_ptr<ByteSource> bytes) : bytes_(std::move(bytes)) {}
    std::uint64_t size() const override { return bytes_->size(); }
    Result<std::size_t> read(std::uint64_t offset, std::span<char> into) override { return bytes_->read(offset, into); }

   private:
    std::unique_ptr<ByteSource> bytes_;
  };
  std::unique_ptr<ByteSource> source() const {
    auto file = file_source(std::move(*open_file(folder / "f", O_RDONLY)), promised, "f");
    return remote ? std::make_unique<Remote>(std::move(file)) : std::move(file);
  }
};

TEST_F(FileTest, WholeAndInParts) {
  for (const bool through_memory : {false, true}) {
    remote = through_memory;
    RawClient client(server.port());
    const RawAnswer whole = client.ask(get("/file"));
    EXPECT_EQ(whole.status, 200);
    EXPECT_TRUE(whole.body == bytes);
    const RawAnswer part = client.ask(get("/file", "Range: bytes=1000000-2999999\r\n"));
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.headers.at("content-range"), "bytes 1000000-2999999/20000003");
    EXPECT_TRUE(part.body == bytes.substr(1'000'000, 2'000'000));
    const RawAnswer outside = client.ask(get("/file", "Range: bytes=20000003-\r\n"));
    EXPECT_EQ(outside.status, 416);
    EXPECT_EQ(outside.headers.at("content-range"), "bytes */20000003");
    EXPECT_EQ(client.ask(get("/file", "If-None-Match: \"tag\"\r\n")).status, 304);
    EXPECT_EQ(client.ask(get("/file", "Range: bytes=-3\r\n")).body, bytes.substr(20'000'000));
  }
}

TEST_F(FileTest, ASlowReaderGetsItAll) {
  RawClient client(server.port(), 4096);
  EXPECT_TRUE(client.ask(get("/file")).body == bytes);
}

TEST_F(FileTest, AFileThatIsShorterThanPromisedEndsTheConnection) {
  promised = bytes.size() + 1;
  for (const bool through_memory : {false, true}) {
    remote = through_memory;
    const RawAnswer answer = RawClient(server.port()).ask(get("/file"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(answer.whole);
  }
}

}  // namespace
}  // namespace muster::http
