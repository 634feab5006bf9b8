#include "http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::http {
namespace {

using testing::ElementsAre;

Route dummy(std::string method, std::string pattern) {
  return {std::move(method), std::move(pattern), [](Request&) { return Response(); }, nullptr, 0};
}

struct RouterTest : testing::Test {
  RouterTest() {
    router.add(dummy("GET", "/runs/{run}"));
    router.add(dummy("DELETE", "/runs/{id}"));
    router.add(dummy("GET", "/runs/{run}/logs"));
    router.add(dummy("GET", "/runs/{run}/logs/{path...}"));
    router.add(dummy("PUT", "/runs/{run}/logs/{path...}"));
    router.add(dummy("GET", "/runs/active"));
    router.add(dummy("GET", "/runs/active/{which}/x"));
  }
  std::string pattern(std::string_view method, std::string_view path) {
    const auto match = router.match(method, path);
    return match ? match->route->pattern : std::string(to_string(match.error().code));
  }
  Router router;
};

TEST_F(RouterTest, LiteralPartsWinOverNamesAndNamesOverTheRest) {
  EXPECT_EQ(pattern("GET", "/runs/active"), "/runs/active");
  EXPECT_EQ(pattern("GET", "/runs/other"), "/runs/{run}");
  EXPECT_EQ(pattern("GET", "/runs/active/logs"), "/runs/{run}/logs") << "a literal that leads nowhere is taken back";
  EXPECT_EQ(pattern("GET", "/runs/a/logs/b/c"), "/runs/{run}/logs/{path...}");
}

TEST_F(RouterTest, AMethodThatOnlyTheLessLiteralRouteHasIsFound) { EXPECT_EQ(pattern("DELETE", "/runs/active"), "/runs/{id}"); }

TEST_F(RouterTest, ParametersHaveTheNamesOfTheirRoute) {
  EXPECT_EQ(router.match("DELETE", "/runs/7")->parameters, (std::map<std::string, std::string>{{"id", "7"}}));
  EXPECT_EQ(router.match("PUT", "/runs/7/logs/a//b/")->parameters, (std::map<std::string, std::string>{{"run", "7"}, {"path", "a//b/"}}));
}

TEST_F(RouterTest, HeadIsAnsweredByGet) { EXPECT_EQ(pattern("HEAD", "/runs/7"), "/runs/{run}"); }

TEST_F(RouterTest, WrongMethodNamesThoseThatAreAllowed) {
  const auto match = router.match("POST", "/runs/7");
  ASSERT_FALSE(match);
  EXPECT_EQ(match.error().code, Code::method_not_allowed);
  EXPECT_EQ(match.error().hint, "allowed: DELETE, GET, HEAD");
  EXPECT_THAT(router.methods("/runs/7/logs/a"), ElementsAre("GET", "HEAD", "PUT"));
}

TEST_F(RouterTest, OtherPathsAreNotFound) {
  for (const char* path : {"/", "/runs", "/runs/a/b", "/runs/a/b/", "/x"}) EXPECT_EQ(pattern("GET", path), "not_found") << path;
}

TEST_F(RouterTest, AnEncodedSlashBelongsToTheName) {
  EXPECT_EQ(router.match("GET", "/runs/7%2Flogs")->parameters.at("run"), "7/logs");
  EXPECT_EQ(router.match("GET", "/runs/..%2f7/logs")->parameters.at("run"), "../7");
  EXPECT_EQ(router.match("GET", "/runs/7/logs/a%2Fb%20c/d")->parameters.at("path"), "a/b c/d");
  EXPECT_EQ(router.match("GET", "/runs/%zz").error().code, Code::malformed);
}

TEST_F(RouterTest, AnEmptyNameIsOneThatItsHandlerDoesNotFind) {
  EXPECT_EQ(router.match("GET", "/runs/")->parameters.at("run"), "");
  EXPECT_EQ(pattern("GET", "/runs//logs"), "/runs/{run}/logs");
  EXPECT_EQ(router.match("GET", "/runs/7/logs/")->parameters.at("path"), "");
  EXPECT_EQ(router.match("GET", "/runs/7/logs//etc")->parameters.at("path"), "/etc");
}

TEST_F(RouterTest, TheSameRouteTwiceIsAMistake) { EXPECT_THROW(router.add(dummy("GET", "/runs/{other}")), std::logic_error); }

}  // namespace
}  // namespace muster::http
