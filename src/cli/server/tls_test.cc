// The client and the listener with TLS between them: both are known in this room first.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "client/http_connection.h"
#include "server/certificate.h"
#include "support/http_server.h"
#include "support/raw_http.h"
#include "support/temp_folder.h"

namespace muster::cli {
namespace {

using client::HostPort;
using client::HttpConnection;
using server::Certificate;
using server::own_certificate;

/// Sends "1" … "3" as a stream.
class Numbers final : public http::StreamSource {
 public:
  void on_ready(std::function<void()>) override {}
  std::optional<std::string> pull() override { return next_ > 3 ? std::nullopt : std::optional(std::to_string(next_++)); }

 private:
  int next_ = 1;
};

class Tls : public ::testing::Test {
 protected:
  Tls() {
    certificate_ = *own_certificate(folder_ / "tls", {"localhost", "127.0.0.1"}, "localhost");
    EXPECT_TRUE(write_file(folder_ / "large", std::string(3u << 20, 'f')));
    http::ServerOptions options;
    options.tls_certificate = certificate_.file;
    options.tls_key = certificate_.key;
    options.header_deadline = std::chrono::seconds(3);  // a handshake takes its time where sanitizers watch
    server_ = std::make_unique<test::HttpServer>(
        std::vector<http::Route>{
            test::route("GET", "/hello", [](http::Request&) { return test::text_response("hello"); }),
            test::route("POST", "/echo", [](http::Request& request) { return test::text_response(std::move(request.body)); }),
            test::route("GET", "/stream",
                        [](http::Request&) {
                          return http::Response{200, {}, std::make_unique<Numbers>()};
                        }),
            test::route("GET", "/file",
                        [this](http::Request&) {
                          return http::Response{200,
                                                {},
                                                http::SourceRange{file_source(*open_file(folder_ / "large", O_RDONLY), 3u << 20, "large"),
                                                                  1, (3u << 20) - 1}};
                        })},
        options);
  }

  HostPort host(const std::string& fingerprint) const { return {"127.0.0.1", server_->port(), true, fingerprint}; }

  test::TempFolder folder_;
  Certificate certificate_;
  std::unique_ptr<test::HttpServer> server_;
};

TEST_F(Tls, RequestsAndAnswersOfEveryKindPass) {
  HttpConnection connection(host(certificate_.fingerprint), {});
  EXPECT_EQ(connection.exchange({.target = "/hello"}, {})->body, "hello");
  const std::string large(2u << 20, 'x');
  EXPECT_EQ(connection.exchange({.method = "POST", .target = "/echo", .body = large}, {})->body, large);
  EXPECT_EQ(connection.exchange({.target = "/stream"}, {})->body, "123");
  const auto file = connection.exchange({.target = "/file"}, {});
  ASSERT_TRUE(file) << file.error().detail;
  EXPECT_EQ(file->body, std::string((3u << 20) - 1, 'f'));
  const Fd upload = *open_file(folder_ / "large", O_RDONLY);
  std::uint64_t sent = 0;
  client::FileBody body{upload.get(), 5, 1u << 20};
  body.on_sent = [&](std::uint64_t bytes) { sent = bytes; };
  EXPECT_EQ(connection.exchange({.method = "POST", .target = "/echo", .body = body}, {})->body, std::string(1u << 20, 'f'));
  EXPECT_EQ(sent, 1u << 20);
}

TEST_F(Tls, AnotherCertificateThanTheKnownOneIsToldNothing) {
  HttpConnection connection(host(std::string(64, 'a')), {});
  const auto answer = connection.exchange({.target = "/hello"}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_NE(answer.error().detail.find("SHA256:" + certificate_.fingerprint), std::string::npos) << answer.error().detail;
}

TEST_F(Tls, ACertificateThatNobodyVouchesForIsRefusedAndItsFingerprintShown) {
  EXPECT_FALSE(certificate_.vouched_for);
  HttpConnection connection(host(""), {});
  const auto answer = connection.exchange({.target = "/hello"}, {});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().hint.find("muster login https://127.0.0.1"), std::string::npos) << answer.error().hint;
  const auto shown = client::look_at_certificate(host(""));
  ASSERT_TRUE(shown) << shown.error().detail;
  EXPECT_EQ(shown->fingerprint, certificate_.fingerprint);
  EXPECT_FALSE(shown->trusted);
}

TEST_F(Tls, AClientWithoutTlsIsTold) {
  test::RawClient plain(server_->port());
  const test::RawAnswer answer = plain.ask(test::get("/hello"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("https://"), std::string::npos) << answer.body;
  EXPECT_TRUE(answer.whole);
}

TEST_F(Tls, AServerWithoutTlsIsSaid) {
  test::HttpServer plain({test::route("GET", "/hello", [](http::Request&) { return test::text_response("hello"); })});
  HttpConnection connection({"127.0.0.1", plain.port(), true, certificate_.fingerprint}, {});
  const auto answer = connection.exchange({.target = "/hello"}, {});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().detail.find("TLS"), std::string::npos) << answer.error().detail;
  EXPECT_NE(answer.error().hint.find("http://"), std::string::npos) << answer.error().hint;
}

TEST_F(Tls, WhoNeverGreetsIsDisconnectedAndOthersAreServed) {
  test::RawClient silent(server_->port());
  test::RawClient rubbish(server_->port());
  rubbish.send("\x16\x03\x01 this is no handshake");
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(rubbish.ends());
  HttpConnection connection(host(certificate_.fingerprint), {});
  EXPECT_EQ(connection.exchange({.target = "/hello"}, {})->body, "hello");
}

TEST_F(Tls, AKeyOfAnotherCertificateIsRefused) {
  const Certificate other = *own_certificate(folder_ / "other", {"localhost"}, "localhost");
  http::ServerOptions options;
  options.tls_certificate = certificate_.file;
  options.tls_key = other.key;
  const auto started = http::Server::start(options, std::make_shared<http::Router>(), nullptr);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::invalid);
  EXPECT_NE(started.error().detail.find(other.key.string()), std::string::npos) << started.error().detail;
}

}  // namespace
}  // namespace muster::cli
