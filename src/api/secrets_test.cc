#include "api/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

struct SecretsTest : testing::Test {
  Api api;

  int set(const std::string& name, const std::string& value) {
    return api("PUT", Api::in("/secrets/" + name), Json{{"value", value}}).status;
  }
  test::ApiAnswer get(const std::string& name, Api::Headers headers = {}) {
    return api("GET", Api::in("/secrets/" + name), "", std::move(headers));
  }
};

TEST_F(SecretsTest, AreSetListedReadAndDeleted) {
  ASSERT_EQ(set("token", "first"), 200);
  ASSERT_EQ(set("a-b_C", "line 1\nline 2\xC3\xA4"), 200);
  api.clock.advance(std::chrono::seconds(5));
  const auto again = api("PUT", Api::in("/secrets/token"), Json{{"value", "second"}});
  EXPECT_THAT(again.body, Not(HasSubstr("second")));
  EXPECT_LT(again.json()["created_at"].get<std::string>(), again.json()["updated_at"].get<std::string>());
  EXPECT_EQ(get("token").json(), (Json{{"name", "token"}, {"value", "second"}}));
  EXPECT_EQ(get("token").headers["cache-control"], "no-store");
  EXPECT_EQ(get("a-b_C").json()["value"], "line 1\nline 2\xC3\xA4");

  const auto list = api("GET", Api::in("/secrets"));
  ASSERT_EQ(list.json()["secrets"].size(), 2u);
  EXPECT_EQ(list.json()["secrets"][0]["name"], "a-b_C");
  EXPECT_THAT(list.body, Not(testing::AnyOf(HasSubstr("second"), HasSubstr("line 1"))));
  const Json page = api("GET", Api::in("/secrets?limit=1")).json();
  EXPECT_EQ(api("GET", Api::in("/secrets?limit=1&cursor=" + page["next"].get<std::string>())).json()["secrets"][0]["name"], "token");

  ASSERT_EQ(api("DELETE", Api::in("/secrets/token")).status, 204);
  EXPECT_EQ(api("DELETE", Api::in("/secrets/token")).status, 404);
  EXPECT_EQ(get("token").code(), "not_found");
}

TEST_F(SecretsTest, WhatIsNoSecretIsRefusedWithoutShowingIt) {
  for (const std::string& name : {std::string("a.b"), std::string("a%20b"), std::string(128, 'a')})
    EXPECT_THAT(api("PUT", Api::in("/secrets/" + name), Json{{"value", "v"}}).fields(), ElementsAre("name")) << name;
  EXPECT_EQ(set(std::string(127, 'a'), std::string(25'600, 'v')), 200);
  for (const Json& body : {Json{{"value", ""}}, Json{{"value", std::string(25'601, 'v')}}, Json{{"value", std::string("a\0b", 3)}},
                           Json{{"value", 3}}, Json::object()}) {
    const auto answer = api("PUT", Api::in("/secrets/a"), body);
    EXPECT_THAT(answer.fields(), ElementsAre("value"));
    EXPECT_THAT(answer.body, Not(HasSubstr("vvvv")));
  }
  EXPECT_EQ(api("PUT", "/api/v1/workspaces/none/secrets/a", Json{{"value", "v"}}).status, 404);
}

TEST_F(SecretsTest, TheDatabaseHasNoValue) {
  ASSERT_EQ(set("token", "a value to look for"), 200);
  const auto bytes = api.store->read([](store::Session& session) -> Result<std::string> {
    std::string all;
    session.query("SELECT sealed, nonce, key_id FROM secrets", {},
                  [&](const store::Row& row) { all += std::string(row.bytes(0)) + std::string(row.bytes(1)) + row.text(2); });
    return all;
  });
  EXPECT_GT(bytes->size(), 19u);
  EXPECT_THAT(*bytes, Not(HasSubstr("value")));
}

TEST_F(SecretsTest, AnotherKeySaysWhatToDo) {
  ASSERT_EQ(set("token", "v"), 200);
  api.sealing_key = *SealingKey::from_hex(std::string(64, 'b'));
  const auto answer = get("token");
  EXPECT_EQ(answer.code(), "conflict");
  EXPECT_THAT(answer.json()["hint"].get<std::string>(), HasSubstr("secrets.key"));
  ASSERT_EQ(set("token", "w"), 200);
  EXPECT_EQ(get("token").json()["value"], "w");
}

TEST_F(SecretsTest, ValuesAreReadByWhoRunsCodeAndByThatCode) {
  ASSERT_EQ(set("token", "v"), 200);
  const model::Run run = api.submit();
  for (const auto& headers : {api.as_job(run), api.as_runner(run)}) {
    EXPECT_EQ(get("token", headers).status, 200);
    EXPECT_EQ(api("PUT", Api::in("/secrets/token"), Json{{"value", "w"}}, headers).status, 403);
    EXPECT_EQ(api("DELETE", Api::in("/secrets/token"), "", headers).status, 403);
    EXPECT_EQ(api("GET", "/api/v1/workspaces/other/secrets/token", "", headers).status, 403);
  }
  const Json reader = api("POST", "/api/v1/tokens", Json{{"role", "reader"}}, {{"idempotency-key", "k"}}).json();
  const Api::Headers as_reader{{"authorization", "Bearer " + reader["secret"].get<std::string>()}};
  EXPECT_EQ(api("GET", Api::in("/secrets"), "", as_reader).status, 200);
  EXPECT_EQ(get("token", as_reader).status, 403);
  EXPECT_EQ(api("PUT", Api::in("/secrets/token"), Json{{"value", "w"}}, as_reader).status, 403);
  ASSERT_TRUE(api.scheduler.set_status(run.key, model::RunStatus::completed));
  EXPECT_EQ(get("token", api.as_job(run)).status, 401);
}

}  // namespace
}  // namespace muster::api
