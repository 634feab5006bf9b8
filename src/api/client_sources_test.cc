#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/journal.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

struct ClientSources : testing::Test {
  Api api;
  const model::Run run = api.run(api("POST", Api::in("/runs"), R"({"experiment":"notes","kind":"interactive"})").json()["run_id"]);
  std::string path(const std::string& rest) const { return Api::in("/runs/" + run.run_id + rest); }
  test::ApiAnswer send(std::int64_t sequence, const Json& points, const std::string& source = "a-1") {
    return api("POST", path(fmt::format("/metrics?source={}&sequence={}", source, sequence)), Json{{"points", points}});
  }
  std::vector<Json> values(const std::string& name) {
    std::vector<Json> found;
    const Json all = api("GET", path("/metrics?name=" + name)).json();
    for (const Json& point : all["metrics"].value(name, Json::array())) found.push_back(point["value"]);
    return found;
  }
  static Json points(std::initializer_list<double> numbers) {
    Json list = Json::array();
    for (const double number : numbers) list.push_back({{"name", "loss"}, {"value", number}});
    return list;
  }
};

TEST_F(ClientSources, ARepeatedBatchChangesNothing) {
  EXPECT_EQ(send(0, points({0.5, 0.25})).json(), (Json{{"next_sequence", 2}}));
  EXPECT_EQ(send(0, points({0.5, 0.25})).json(), (Json{{"next_sequence", 2}}));
  EXPECT_EQ(send(1, points({0.25, 0.125})).json(), (Json{{"next_sequence", 3}})) << "of one that overlaps the new ones are taken";
  EXPECT_EQ(send(0, Json::array()).json(), (Json{{"next_sequence", 3}})) << "an empty one asks how far it is";
  EXPECT_THAT(values("loss"), ElementsAre(0.5, 0.25, 0.125));
}

TEST_F(ClientSources, AGapSaysWhereToGoOn) {
  send(0, points({0.5}));
  const auto gap = send(3, points({0.25}));
  EXPECT_EQ(gap.code(), "conflict");
  EXPECT_EQ(gap.json()["next_sequence"], 1);
  EXPECT_THAT(values("loss"), ElementsAre(0.5));
}

TEST_F(ClientSources, HaveSequencesOfTheirOwn) {
  send(0, points({0.5}), "a");
  send(0, points({0.25}), "b");
  EXPECT_THAT(values("loss"), ElementsAre(0.5, 0.25));
}

TEST_F(ClientSources, EveryKindOfValueIsKeptAsItCame) {
  const Json all = Json::parse(
      R"([3, 0.5, "NaN", "-Infinity", "text", true, null, {"list":[1,"a"]}, {"row":{"x":1}}, {"table":{"x":[1,2]}}, {"image":"outputs/a.png"}, 9007199254740993])");
  Json list = Json::array();
  for (const Json& value : all) list.push_back({{"name", "v"}, {"value", value}, {"step", 7}, {"time", "2026-11-21T03:22:11.123456Z"}});
  ASSERT_EQ(send(0, list).status, 200);
  const std::vector<Json> kept = values("v");
  EXPECT_EQ(Json(kept), all);
  const Json first = api("GET", path("/metrics")).json()["metrics"]["v"][0];
  EXPECT_EQ(first["step"], 7);
  EXPECT_EQ(first["time"], "2026-11-21T03:22:11.123456Z");
}

TEST_F(ClientSources, ABadBatchIsRefusedWholeWithEveryFault) {
  const auto refused = send(0, Json::parse(R"([{"name":"a","value":1}, {"name":"","value":1}, {"value":1}, {"name":"b"},
      {"name":"c","value":{"x":1}}, {"name":"d","value":[1]}, {"name":"e","value":1,"step":1.5}, {"name":"f","value":1,"time":"now"}])"));
  EXPECT_EQ(refused.code(), "invalid");
  EXPECT_THAT(refused.fields(), UnorderedElementsAre("points[1].name", "points[2].name", "points[3].value", "points[4].value",
                                                     "points[5].value", "points[6].step", "points[7].time"));
  EXPECT_EQ(api("GET", path("/metrics")).json()["metrics"].size(), 0u);
  EXPECT_EQ(api("POST", path("/metrics?source=../x&sequence=0"), R"({"points":[]})").code(), "invalid");
  EXPECT_EQ(api("POST", path("/metrics?source=a"), R"({"points":[]})").code(), "invalid");
  EXPECT_EQ(api("POST", path("/metrics?source=a&sequence=0"), "x", {{"content-type", "text/plain"}}).code(), "invalid");
}

TEST_F(ClientSources, RecordsOfTheJournalAreTakenToo) {
  model::JournalWriter writer;
  writer.add("loss", {5, 1, model::Number{0.5, false}});
  writer.leave_out();
  writer.add("loss", {6, 2, model::Number{0.25, false}});
  const auto sent = api("POST", path("/metrics?source=a&sequence=0"), writer.bytes(), {{"content-type", "application/octet-stream"}});
  EXPECT_EQ(sent.json(), (Json{{"next_sequence", 3}})) << sent.body;
  EXPECT_THAT(values("loss"), ElementsAre(0.5, 0.25));
}

TEST_F(ClientSources, PointsComeFromOutsideOfAJobAndAfterAnEndAsWell) {
  const model::Run job = api.submit();
  EXPECT_EQ(api("POST", Api::in("/runs/" + job.run_id + "/metrics?source=a&sequence=0"), Json{{"points", points({1.5})}}).status, 200);
  api("POST", path("/complete"));
  EXPECT_EQ(send(0, points({0.5})).status, 200);
  EXPECT_THAT(values("loss"), ElementsAre(0.5));
}

TEST_F(ClientSources, ALogGrowsByOffsetAndIsOnTheDiskBeforeTheAnswer) {
  int synced = 0;
  api.sync = [&](int fd) {
    ++synced;
    return ::fsync(fd);
  };
  const auto put = [&](std::uint64_t offset, const std::string& bytes) {
    return api("PUT", path(fmt::format("/logs/logs/user_log.txt?offset={}", offset)), bytes);
  };
  EXPECT_EQ(put(0, "one\n").json(), (Json{{"size", 4}}));
  EXPECT_GT(synced, 0);
  EXPECT_EQ(put(0, "one\n").json(), (Json{{"size", 4}})) << "said again";
  EXPECT_EQ(put(0, "one\ntwo\n").json(), (Json{{"size", 8}}));
  const auto gap = put(20, "x");
  EXPECT_EQ(gap.code(), "conflict");
  EXPECT_EQ(gap.json()["size"], 8);
  EXPECT_THAT(put(4, "TWO\n").json()["hint"].get<std::string>(), HasSubstr("one writer"));
  EXPECT_EQ(api("GET", path("/logs/logs/user_log.txt")).body, "one\ntwo\n");
  EXPECT_EQ(api("PUT", path("/logs/a/../b?offset=0"), "x").code(), "invalid");
  api("POST", path("/complete"));
  EXPECT_EQ(put(8, "three\n").code(), "conflict");
  EXPECT_EQ(api("PUT", Api::in("/runs/" + api.submit().run_id + "/logs/logs/a.txt?offset=0"), "x").code(), "conflict");
}

TEST_F(ClientSources, ARepeatedTransactionLosesNoPoint) {
  // A database that gives up a transaction runs the same work again.
  class Twice final : public store::Store {
   public:
    explicit Twice(store::Store& inside) : inside_(inside) {}

   protected:
    Result<void> write_erased(const Work& work) override {
      (void)inside_.write([&](store::Session& session) -> Result<void> {
        MUSTER_TRY(work(session));
        return fail(Code::internal, "rolled back");
      });
      return inside_.write([&](store::Session& session) -> Result<void> { return work(session); });
    }
    void write_later_erased(Work work, Then then) override { then(write_erased(work)); }
    Result<void> read_erased(const Work& work) override {
      return inside_.read([&](store::Session& session) { return work(session); });
    }

   private:
    store::Store& inside_;
  };
  Twice twice(*api.store);
  Services services = api.services_over(twice);
  http::Router router;
  add_routes(router, services);
  http::Request request;
  request.id = "test";
  request.method = "POST";
  request.path = path("/metrics");
  request.query = {{"source", "a"}, {"sequence", "0"}};
  request.headers = {{"authorization", std::string("Bearer ") + test::kOwnerToken}};
  request.body = Json{{"points", points({0.5, 0.25})}}.dump();
  ASSERT_TRUE(api.gate(request));
  const auto match = router.match("POST", request.path);
  ASSERT_TRUE(match);
  request.parameters = match->parameters;
  EXPECT_EQ(match->route->handler(request).status, 200);
  EXPECT_THAT(values("loss"), ElementsAre(0.5, 0.25));
}

}  // namespace
}  // namespace muster::api
