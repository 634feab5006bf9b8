// The page as this program brings it, and bundles that are none.
#include "page/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "page/bundle.h"

namespace muster::page {
namespace {

using testing::HasSubstr;

struct PageTest : testing::Test {
  PageTest() { add_routes(router); }
  http::Response get(const std::string& path, std::map<std::string, std::string> headers = {}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    const auto match = router.match("GET", path);
    if (!match) return http::problem_response(match.error());
    return match->route->handler(request);
  }
  static std::string header(const http::Response& response, std::string_view wanted) {
    for (const auto& [name, value] : response.headers) {
      if (name == wanted) return value;
    }
    return "";
  }
  static std::string text(const http::Response& response) { return std::get<std::string>(response.body); }
  http::Router router;
};

TEST_F(PageTest, EveryPathOfThePageIsThePage) {
  const std::string page = text(get("/"));
  EXPECT_THAT(page, HasSubstr("<!doctype html>"));
  for (const char* path : {"/workspaces", "/workspaces/default/runs", "/workspaces/default/runs/a_1_b"}) {
    EXPECT_EQ(text(get(path)), page) << path;
  }
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/assets/nothing.js").status, 404);
}

TEST_F(PageTest, HasAPolicyThatLetsInNoScriptOfOthers) {
  const auto page = get("/");
  const std::string policy = header(page, "content-security-policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(policy, testing::Not(HasSubstr("unsafe")));
  EXPECT_THAT(text(page), testing::Not(HasSubstr("://"))) << "it asks no other host for anything";
}

TEST_F(PageTest, IsCompressedForThoseWhoReadThat) {
  const auto page = get("/", {{"accept-encoding", "gzip, deflate"}});
  EXPECT_EQ(header(page, "content-encoding"), "gzip");
  EXPECT_TRUE(text(page).starts_with("\x1f\x8b"));
  EXPECT_EQ(header(get("/"), "content-encoding"), "");
}

TEST_F(PageTest, IsNotSentAgainToWhoHasIt) {
  const std::string etag = header(get("/"), "etag");
  const auto again = get("/", {{"if-none-match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(text(again), "");
  EXPECT_EQ(get("/", {{"if-none-match", "\"other\""}}).status, 200);
}

TEST_F(PageTest, ItsScriptIsSmallAndKeptForEver) {
  const auto files = read_bundle(embedded_bundle());
  ASSERT_TRUE(files);
  std::size_t script = 0;
  for (const auto& [path, file] : *files) {
    if (!path.ends_with(".js")) continue;
    script += file.gzip.size();
    EXPECT_THAT(header(get("/" + path), "cache-control"), HasSubstr("immutable")) << path;
  }
  EXPECT_GT(script, 0u);
  EXPECT_LT(script, 150u * 1024);
}

TEST(BundleTest, WhatIsCutOffIsNoBundle) {
  const std::string list = R"({"files":[{"path":"a","type":"t","sha256":"e","plain":[0,2],"gzip":[2,1]}]})";
  const auto whole = read_bundle(list + "\nabc");
  // The views are into text that is gone: only that it could be read counts.
  EXPECT_TRUE(whole);
  EXPECT_FALSE(read_bundle(list + "\nab"));
  EXPECT_FALSE(read_bundle(list));
  EXPECT_FALSE(read_bundle("\n"));
  EXPECT_FALSE(read_bundle(R"({"files":[{"path":"a"}]})"
                           "\n"));
}

}  // namespace
}  // namespace muster::page
