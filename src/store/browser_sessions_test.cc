#include "store/browser_sessions.h"

#include <gtest/gtest.h>

#include "store/tokens.h"
#include "support/test_store.h"

namespace muster::store {
namespace {

struct BrowserSessions : testing::Test {
  BrowserSessions() {
    token = test.write([](Session& session) { return tokens::add_owner(session, "s3cret", "ada", "the first", 9); });
    other = test.write([](Session& session) { return tokens::add_owner(session, "other", "bob", "the second", 9); });
  }
  void add(std::string_view secret, std::int64_t token_key, TimeUs expires_at, TimeUs now) {
    (void)test.store().write([&](Session& session) -> Result<void> {
      browser_sessions::add(session, secret, {token_key, expires_at}, now);
      return {};
    });
  }
  std::optional<browser_sessions::BrowserSession> find(std::string_view secret) {
    return *test.store().read([&](Session& session) -> Result<std::optional<browser_sessions::BrowserSession>> {
      return browser_sessions::find(session, secret);
    });
  }
  test::TestStore test;
  model::Token token, other;
};

TEST_F(BrowserSessions, AreFoundUntilTheyAreRemoved) {
  add("a", token.key, 100, 10);
  ASSERT_TRUE(find("a"));
  EXPECT_EQ(find("a")->token_key, token.key);
  EXPECT_EQ(find("a")->expires_at, 100);
  EXPECT_FALSE(find("b"));
  (void)test.store().write([](Session& session) -> Result<void> {
    browser_sessions::remove(session, "a");
    return {};
  });
  EXPECT_FALSE(find("a"));
}

TEST_F(BrowserSessions, EndWithTheirToken) {
  add("a", other.key, 100, 10);
  (void)test.store().write([&](Session& session) { return tokens::revoke(session, other.id); });
  EXPECT_FALSE(find("a"));
}

TEST_F(BrowserSessions, AreForgottenWhenExpiredAndBeyondTheMostOfOneToken) {
  add("old", token.key, 20, 10);
  add("bobs", other.key, 100, 10);
  for (std::int64_t i = 0; i <= browser_sessions::kMostOfOneToken; ++i) add(std::to_string(i), token.key, 100, 20);
  EXPECT_FALSE(find("old"));
  EXPECT_FALSE(find("0"));
  EXPECT_TRUE(find("1"));
  EXPECT_TRUE(find(std::to_string(browser_sessions::kMostOfOneToken)));
  EXPECT_TRUE(find("bobs"));
}

}  // namespace
}  // namespace muster::store
