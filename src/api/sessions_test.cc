// Signing browsers in and out, and each rule that a cookie's request must pass.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/session_cookie.h"
#include "api/sign_in_links.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::HasSubstr;
using testing::Not;

const Api::Headers kPage{{"authorization", ""}, {"host", "127.0.0.1:6464"}, {"origin", "http://127.0.0.1:6464"}};

struct SessionsTest : testing::Test {
  Api api;

  test::ApiAnswer sign_in(const Json& body, Api::Headers headers = kPage) { return api("POST", "/api/v1/session", body, headers); }
  /// The header by which a browser that signs in so goes on.
  std::string cookie_of(const Json& body) {
    const std::string set = sign_in(body).headers["set-cookie"];
    return set.substr(0, set.find(';'));
  }
  Api::Headers with(const std::string& cookie, Api::Headers more = {}) {
    more.merge(Api::Headers(kPage));
    more["cookie"] = cookie;
    return more;
  }
  int status(const Api::Headers& headers, const std::string& method = "GET", const std::string& path = "/api/v1/me") {
    return api(method, path, "", headers).status;
  }
  std::string own_cookie() { return cookie_of({{"token", test::kOwnerToken}}); }
};

TEST_F(SessionsTest, ATokenSignsABrowserIn) {
  const auto answer = sign_in({{"token", test::kOwnerToken}});
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.json()["user"], "ada");
  const std::string cookie = answer.headers.at("set-cookie");
  EXPECT_THAT(cookie, HasSubstr("; HttpOnly"));
  EXPECT_THAT(cookie, HasSubstr("; SameSite=Strict"));
  EXPECT_THAT(cookie, HasSubstr("; Max-Age=604800"));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure"))) << "without TLS no browser would send it back";
  EXPECT_EQ(status(with(cookie.substr(0, cookie.find(';')))), 200);
  EXPECT_EQ(status(with("other=1; " + cookie.substr(0, cookie.find(';')))), 200);
}

TEST_F(SessionsTest, UnderTlsTheCookieIsSecure) {
  ServerInfo info;
  info.url = "https://gpu-box:6464";
  EXPECT_THAT(set_session_cookie(info, "x", std::chrono::seconds(1)), HasSubstr("; Secure"));
}

TEST_F(SessionsTest, EveryServerOfAHostHasACookieOfItsOwn) {
  ServerInfo one;
  ServerInfo other;
  one.url = "http://127.0.0.1:6464";
  other.url = "http://127.0.0.1:6465";
  EXPECT_NE(session_cookie_name(one), session_cookie_name(other));
}

TEST_F(SessionsTest, WhatIsNoTokenOpensNothing) {
  EXPECT_EQ(sign_in({{"token", "mu_wrong"}}).status, 401);
  EXPECT_EQ(sign_in({{"link", "ml_wrong"}}).status, 401);
  EXPECT_EQ(sign_in(Json::object()).status, 422);
  EXPECT_EQ(sign_in({{"token", "a"}, {"link", "b"}}).status, 422);
  EXPECT_EQ(sign_in({{"token", std::string(5000, 'a')}}).status, 413);
  const std::string name = session_cookie_name(api.services.info);
  EXPECT_EQ(status(with(name + "=ms_wrong")), 401);
  EXPECT_EQ(status(with(name + "=")), 401);
  EXPECT_EQ(status(with(name + "x=" + own_cookie())), 401);
}

TEST_F(SessionsTest, ALinkSignsInOnce) {
  const std::string link = api("POST", "/api/v1/session/links").json()["link"];
  const std::string cookie = cookie_of({{"link", link}});
  EXPECT_EQ(status(with(cookie)), 200);
  EXPECT_EQ(sign_in({{"link", link}}).status, 401) << "it was used";
}

TEST_F(SessionsTest, ALinkSignsInSoon) {
  const std::string link = api("POST", "/api/v1/session/links").json()["link"];
  api.clock.advance(SignInLinks::kLife);
  EXPECT_EQ(sign_in({{"link", link}}).status, 401);
}

TEST_F(SessionsTest, LinksAreLimitedInNumber) {
  SignInLinks links;
  const auto first = links.make(1, 10);
  for (std::size_t i = 0; i < SignInLinks::kMost; ++i) links.make(2, 20);
  EXPECT_FALSE(links.take(first.secret, 20)) << "the one that ends first made room";
}

TEST_F(SessionsTest, ASessionExpires) {
  const std::string cookie = own_cookie();
  api.clock.advance(std::chrono::hours(7 * 24) - std::chrono::seconds(1));
  EXPECT_EQ(status(with(cookie)), 200);
  api.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(status(with(cookie)), 401);
}

TEST_F(SessionsTest, ASessionEndsWithItsToken) {
  const Json token = api("POST", "/api/v1/tokens", R"({"role":"reader","expires_in_seconds":60})").json();
  const std::string cookie = cookie_of({{"token", token["secret"]}});
  EXPECT_EQ(status(with(cookie)), 200);
  EXPECT_EQ(status(with(cookie), "GET", "/api/v1/users"), 403) << "it opens what its token does";
  EXPECT_EQ(api("DELETE", "/api/v1/tokens/" + token["id"].get<std::string>()).status, 204);
  EXPECT_EQ(status(with(cookie)), 401);
  const Json brief = api("POST", "/api/v1/tokens", R"({"role":"reader","expires_in_seconds":60})").json();
  EXPECT_THAT(sign_in({{"token", brief["secret"]}}).headers["set-cookie"], HasSubstr("Max-Age=60;"));
}

TEST_F(SessionsTest, SigningOutEndsIt) {
  const std::string cookie = own_cookie();
  const auto answer = api("DELETE", "/api/v1/session", "", with(cookie));
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.headers.at("set-cookie"), HasSubstr("Max-Age=0"));
  EXPECT_EQ(status(with(cookie)), 401);
}

TEST_F(SessionsTest, TheHostMustBeOurs) {
  const std::string cookie = own_cookie();
  for (const char* host : {"127.0.0.1:6464", "localhost:6464", "[::1]:6464", "10.1.2.3", "LOCALHOST"})
    EXPECT_EQ(status(with(cookie, {{"host", host}, {"origin", ""}})), 200) << host;
  for (const char* host : {"evil.example:6464", "127.0.0.1.evil.example", "", "localhost.evil.example:6464"})
    EXPECT_EQ(status(with(cookie, {{"host", host}, {"origin", ""}})), 403) << host;
}

TEST_F(SessionsTest, TheOriginMustBeOurs) {
  const std::string cookie = own_cookie();
  const std::string path = Api::in("/experiments");
  const auto post = [&](const char* origin) { return api("POST", path, R"({"name":"birds"})", with(cookie, {{"origin", origin}})).status; };
  EXPECT_LT(post("http://127.0.0.1:6464"), 300);
  EXPECT_LT(post("https://127.0.0.1:6464"), 300) << "a proxy may speak TLS for us";
  for (const char* origin : {"", "null", "http://127.0.0.1:6465", "http://evil.example", "127.0.0.1:6464"})
    EXPECT_EQ(post(origin), 403) << origin;
  EXPECT_EQ(status(with(cookie, {{"origin", ""}})), 200) << "a browser sends none when it only reads";
  EXPECT_EQ(status(with(cookie, {{"origin", "http://evil.example"}})), 403);
  EXPECT_EQ(sign_in({{"token", test::kOwnerToken}}, {{"authorization", ""}, {"host", "127.0.0.1:6464"}, {"origin", "http://evil.example"}})
                .status,
            403);
}

TEST_F(SessionsTest, TheBrowserMustNotSayThatItIsAnotherSites) {
  const std::string cookie = own_cookie();
  for (const char* site : {"same-origin", "none"}) EXPECT_EQ(status(with(cookie, {{"sec-fetch-site", site}})), 200) << site;
  for (const char* site : {"cross-site", "same-site"}) EXPECT_EQ(status(with(cookie, {{"sec-fetch-site", site}})), 403) << site;
}

TEST_F(SessionsTest, ATokenInTheHeaderAsksNothingOfThat) {
  EXPECT_EQ(api("GET", "/api/v1/me", "", {{"host", "evil.example"}, {"origin", "http://evil.example"}}).status, 200);
}

TEST_F(SessionsTest, AJobMakesNoLinks) {
  const model::Run run = api.submit();
  EXPECT_EQ(api("POST", "/api/v1/session/links", "", api.as_job(run)).status, 403);
}

}  // namespace
}  // namespace muster::api
