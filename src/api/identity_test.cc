// Who may do what: every operation of the API against every role, and what users and tokens are made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <thread>

#include "api/openapi.h"
#include "base/text.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::HasSubstr;
using testing::Not;

struct Operation {
  std::string method;
  std::string path;
  std::string needs;
};

/// Every operation that the API describes (which are its routes: openapi_test.cc), with what it says that it needs.
std::vector<Operation> operations() {
  std::vector<Operation> all;
  const Json description = yaml_to_json(openapi_yaml()).value();
  for (const auto& [path, item] : description["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (!operation.is_object()) continue;
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(c - 32);
      all.push_back({upper, path, text_at(operation, "x-needs")});
    }
  }
  return all;
}

/// The path with something for each of its parameters, in this workspace.
std::string filled(std::string path, const std::string& workspace) {
  while (true) {
    const std::size_t begin = path.find('{');
    if (begin == std::string::npos) return path;
    const std::size_t end = path.find('}', begin);
    path.replace(begin, end - begin + 1, path.substr(begin, end - begin + 1) == "{workspace}" ? workspace : "1");
  }
}

struct IdentityTest : testing::Test {
  Api api;
  using ApiAnswer = test::ApiAnswer;

  ApiAnswer make_token(const Json& what) { return api("POST", "/api/v1/tokens", what); }
  Api::Headers token(const Json& what) { return bearer(make_token(what).json()["secret"]); }
  static Api::Headers bearer(const std::string& secret) { return {{"authorization", "Bearer " + secret}}; }
  /// As it is listed.
  Json listed(const std::string& id) {
    const Json tokens = api("GET", "/api/v1/tokens").json();
    for (const Json& one : tokens["tokens"]) {
      if (one["id"] == id) return one;
    }
    return Json();
  }
  std::string id_of(const Api::Headers& headers) { return sha256_hex(headers.at("authorization").substr(7)).substr(0, 12); }
};

TEST_F(IdentityTest, EachOperationSaysWhatItNeedsAndRolesThatHaveItAreLetIn) {
  const std::vector<std::string> roles{"reader", "contributor", "owner"};
  std::map<std::string, int> counts;
  for (const Operation& operation : operations()) {
    const std::string path = filled(operation.path, "default");
    const std::string what = operation.method + " " + operation.path + " needs " + operation.needs;
    ++counts[operation.needs];
    const auto needed = std::find(roles.begin(), roles.end(), operation.needs);
    ASSERT_TRUE(needed != roles.end() || operation.needs == "nothing" || operation.needs == "runner") << what;
    const auto without = api(operation.method, path, "{}", {{"authorization", ""}});
    EXPECT_EQ(without.status == 401, operation.needs != "nothing") << what << ", without a token: " << without.status;
    for (auto role = roles.begin(); role != roles.end(); ++role) {
      const auto answer = api(operation.method, path, "{}", token({{"role", *role}}));
      const bool allowed = operation.needs == "nothing" || (operation.needs != "runner" && role >= needed);
      EXPECT_EQ(answer.status != 403 && answer.status != 401, allowed) << what << ", as " << *role << ": " << answer.status << answer.body;
      if (allowed || operation.needs == "runner") continue;
      EXPECT_THAT(answer.body, HasSubstr("needs the role " + operation.needs)) << what;
      EXPECT_THAT(answer.body, HasSubstr("ask an owner of this server (ada)")) << what;
    }
  }
  for (const char* needs : {"nothing", "reader", "contributor", "owner", "runner"}) EXPECT_GT(counts[needs], 0) << needs;
}

TEST_F(IdentityTest, ATokenOfOneWorkspaceDoesNotLearnOfOthers) {
  ASSERT_EQ(api("POST", "/api/v1/workspaces", R"({"name":"secret"})").status, 201);
  ASSERT_EQ(api("POST", "/api/v1/workspaces", R"({"name":"team"})").status, 201);
  const auto owner = token({{"role", "owner"}, {"workspace", "team"}});
  int inside = 0;
  for (const Operation& operation : operations()) {
    if (operation.needs == "runner" || operation.needs == "nothing") continue;
    const std::string what = operation.method + " " + operation.path;
    const bool in_workspace = operation.path.find("{workspace}") != std::string::npos;
    const auto own = api(operation.method, filled(operation.path, "team"), "{}", owner);
    const bool too_narrow = !in_workspace && operation.needs != "reader";
    EXPECT_EQ(own.status == 403, too_narrow) << what << own.body;
    if (too_narrow) {
      EXPECT_THAT(own.body, HasSubstr("in all workspaces, and the token")) << what;
    }
    if (!in_workspace) continue;
    ++inside;
    const auto there = api(operation.method, filled(operation.path, "secret"), "{}", owner);
    auto absent = api(operation.method, filled(operation.path, "absent"), "{}", owner);
    EXPECT_EQ(there.status, 404) << what;
    for (std::size_t at = 0; (at = absent.body.find("absent", at)) != std::string::npos;) absent.body.replace(at, 6, "secret");
    EXPECT_EQ(there.body, absent.body) << what;
  }
  EXPECT_GT(inside, 20);

  const auto workspaces = api("GET", "/api/v1/workspaces", "", owner).json();
  ASSERT_EQ(workspaces["workspaces"].size(), 1u);
  EXPECT_EQ(workspaces["workspaces"][0]["name"], "team");
  const model::Run run = api.submit();
  api.scheduler.unstored_details = {{run.key, run.run_id, "the disk is full"}};
  EXPECT_EQ(api("GET", "/api/v1/status").json()["runs"]["active"], 1);
  EXPECT_EQ(api("GET", "/api/v1/status").json()["warnings"].size(), 1u);
  const auto status = api("GET", "/api/v1/status", "", owner).json();
  EXPECT_EQ(status["runs"]["active"], 0);
  EXPECT_EQ(status["warnings"].size(), 0u);
  EXPECT_THAT(api("GET", "/metrics", "", owner).body, Not(HasSubstr("muster_runs{status=\"NotStarted\"} 1")));
  EXPECT_THAT(api("GET", "/metrics").body, HasSubstr("muster_runs{status=\"NotStarted\"} 1"));
}

TEST_F(IdentityTest, ATokensSecretIsShownOnceAndKeptNowhere) {
  const Api::Headers key{{"idempotency-key", "one"}};
  const auto made = api("POST", "/api/v1/tokens", R"({"role":"reader","purpose":"dashboards"})", key);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string secret = made.json()["secret"];
  EXPECT_EQ(made.json()["user"], "ada");
  EXPECT_EQ(made.json()["created_by"], "ada");
  EXPECT_THAT(api("GET", "/api/v1/tokens").body, Not(HasSubstr(secret)));
  const auto repeated = api("POST", "/api/v1/tokens", R"({"role":"reader","purpose":"dashboards"})", key);
  EXPECT_EQ(repeated.status, 409);
  EXPECT_THAT(repeated.body, HasSubstr(made.json()["id"].get<std::string>()));
  ASSERT_EQ(api("GET", "/api/v1/tokens").json()["tokens"].size(), 2u);
  ASSERT_TRUE(api.store->read([&](store::Session& session) -> Result<void> {
    session.query("SELECT body FROM idempotency", {}, [&](const store::Row& row) { EXPECT_THAT(row.text(0), Not(HasSubstr(secret))); });
    session.query("SELECT hash || purpose FROM tokens", {},
                  [&](const store::Row& row) { EXPECT_THAT(row.text(0), Not(HasSubstr(secret))); });
    return {};
  }));
}

TEST_F(IdentityTest, WhatIsMadeIsItsUsers) {
  ASSERT_EQ(api("POST", "/api/v1/users", R"({"name":"bob"})").status, 201);
  const auto bob = token({{"user", "bob"}, {"role", "contributor"}});
  const auto made_by = [&](const std::string& path, const Json& body, const Api::Headers& headers) {
    const auto answer = api("POST", Api::in(path), body, headers);
    EXPECT_LT(answer.status, 300) << answer.body;
    return text_at(answer.json(), "created_by");
  };
  EXPECT_EQ(api("GET", "/api/v1/workspaces/default").json()["created_by"], "ada");
  EXPECT_EQ(made_by("/experiments", {{"name", "birds"}}, bob), "bob");
  EXPECT_EQ(made_by("/environments", {{"name", "env"}}, bob), "bob");
  EXPECT_EQ(made_by("/compute_targets", {{"name", "gpu"}, {"max_nodes", 1}}, bob), "bob");
  EXPECT_EQ(made_by("/runs", {{"experiment", "birds"}, {"command", "true"}}, bob), "bob");
  const model::Run run = api.run(api("GET", Api::in("/runs"), "", bob).json()["runs"][0]["run_id"]);
  // What a job makes is its run's user's, whoever has registered the experiment.
  EXPECT_EQ(made_by("/runs", {{"experiment", "other"}, {"command", "true"}, {"parent_run_id", run.run_id}}, api.as_job(run)), "bob");
  EXPECT_EQ(api("PUT", Api::in("/runs/" + run.run_id + "/artifacts/outputs/x"), "bytes", api.as_job(run)).status, 201);
  EXPECT_EQ(made_by("/models", {{"name", "m"}, {"run_id", run.run_id}, {"path", "outputs/x"}}, api.as_job(run)), "bob");
  EXPECT_EQ(api("GET", "/api/v1/me", "", bob).json()["user"], "bob");
  EXPECT_EQ(api("GET", "/api/v1/me", "", bob).json()["role"], "contributor");
}

TEST_F(IdentityTest, RefusedTokensSayWhyAndWhatToDo) {
  ASSERT_EQ(api("POST", "/api/v1/users", R"({"name":"bob"})").status, 201);
  const auto brief = token({{"user", "bob"}, {"role", "reader"}, {"expires_in_seconds", 60}});
  const auto lasting = token({{"user", "bob"}, {"role", "reader"}});
  EXPECT_EQ(api("GET", "/api/v1/me", "", brief).status, 200);
  api.clock.advance(std::chrono::seconds(60));
  const auto expired = api("GET", "/api/v1/me", "", brief);
  EXPECT_EQ(expired.status, 401);
  EXPECT_THAT(expired.json()["detail"].get<std::string>(), HasSubstr("of bob expired at 2026-"));
  EXPECT_THAT(expired.json()["hint"].get<std::string>(), HasSubstr("muster token create"));

  EXPECT_EQ(api("PATCH", "/api/v1/users/bob", R"({"disabled":true})").status, 200);
  const auto disabled = api("GET", "/api/v1/me", "", lasting);
  EXPECT_EQ(disabled.status, 401);
  EXPECT_THAT(disabled.body, HasSubstr("muster user enable bob"));
  EXPECT_EQ(api("PATCH", "/api/v1/users/bob", R"({"disabled":false})").status, 200);
  EXPECT_EQ(api("GET", "/api/v1/me", "", lasting).status, 200);

  EXPECT_EQ(api("DELETE", "/api/v1/tokens/" + id_of(lasting)).status, 204);
  EXPECT_EQ(api("GET", "/api/v1/me", "", lasting).status, 401);
  EXPECT_EQ(api("DELETE", "/api/v1/tokens/" + id_of(lasting)).status, 404);
  const auto own = api("DELETE", "/api/v1/tokens/" + sha256_hex(test::kOwnerToken).substr(0, 12));
  EXPECT_EQ(own.status, 409) << own.body;
  EXPECT_EQ(api("PATCH", "/api/v1/users/ada", R"({"disabled":true})").status, 409);
}

TEST_F(IdentityTest, WhatIsWrongWithARequestIsSaidAtOnce) {
  const auto refused = make_token({{"role", "king"}, {"purpose", "two\nlines"}, {"expires_in_seconds", 0}, {"colour", "red"}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(refused.fields(), testing::UnorderedElementsAre("role", "purpose", "expires_in_seconds", "colour"));
  EXPECT_EQ(make_token({{"role", "reader"}, {"user", "eve"}}).status, 404);
  EXPECT_EQ(make_token({{"role", "reader"}, {"workspace", "nowhere"}}).status, 404);
  EXPECT_EQ(api("POST", "/api/v1/users", R"({"name":"a b"})").status, 422);
  EXPECT_EQ(api("POST", "/api/v1/users", R"({"name":"ada"})").status, 409);
  EXPECT_EQ(api("PATCH", "/api/v1/users/ada", R"({})").status, 422);
  EXPECT_EQ(api("PATCH", "/api/v1/users/eve", R"({"disabled":true})").status, 404);
}

TEST_F(IdentityTest, WhenATokenWasUsedIsStoredOnceAMinute) {
  const auto reader = token({{"role", "reader"}});
  const std::string id = id_of(reader);
  EXPECT_EQ(listed(id)["last_used_at"], Json());
  const auto becomes = [&](const Json& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (listed(id)["last_used_at"] != wanted && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    return listed(id)["last_used_at"] == wanted;
  };
  const auto now = [&] { return time_to_json(api.clock.now_us()); };
  EXPECT_EQ(api("GET", "/api/v1/me", "", reader).status, 200);
  const Json first = now();
  EXPECT_TRUE(becomes(first));
  api.clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(api("GET", "/api/v1/me", "", reader).status, 200);
  api.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(listed(id)["last_used_at"], first);
  EXPECT_EQ(api("GET", "/api/v1/me", "", reader).status, 200);
  EXPECT_TRUE(becomes(now()));
}

}  // namespace
}  // namespace muster::api
