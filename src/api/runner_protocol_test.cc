#include <unistd.h>

#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/journal.h"
#include "store/metrics.h"
#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::ElementsAre;
using testing::HasSubstr;

struct RunnerProtocolTest : testing::Test {
  Api api;
  model::Run run = submit_on_three_nodes();
  model::Run submit_on_three_nodes() {
    api("POST", Api::in("/compute_targets"), Json{{"name", "gpu"}, {"max_nodes", 3}});
    return api.submit({{"compute_target", "gpu"}, {"node_count", 3}, {"distribution", {{"type", "pytorch"}}}});
  }
  test::ApiAnswer post(const std::string& what, const Json& body, int node_rank = 0) {
    return api("POST", api.node(run, what, node_rank), body, api.as_runner(run));
  }
  test::ApiAnswer send(const std::string& method, const std::string& what, const std::string& body) {
    return api(method, api.node(run, what), body, api.as_runner(run));
  }
};

TEST_F(RunnerProtocolTest, CheckInWaitsForTheOthersAndThenHasTheWorkOrder) {
  api.scheduler.waiting_for = 1;
  const Json body{{"protocol", 2}, {"node", "gpu-cluster-0"}, {"version", "0.1.0"}, {"pid", 7},
                  {"host", "h"},   {"address", "10.0.0.1"},   {"port", 6105},       {"salvage", false}};
  const auto waiting = post("check-in", body);
  EXPECT_EQ(waiting.status, 202);
  EXPECT_EQ(waiting.json(), (Json{{"node_rank", 0}, {"waiting_for", 1}}));
  EXPECT_EQ(api.scheduler.arrival.port, 6105);
  EXPECT_EQ(api.scheduler.arrival.node, "gpu-cluster-0");
  api.scheduler.work_order = Json{{"run_id", run.run_id}};
  const auto order = post("check-in", body);
  EXPECT_EQ(order.status, 200);
  EXPECT_EQ(order.json()["run_id"], run.run_id);
  for (const Json& wrong : {Json{{"protocol", 1}, {"node", "a"}}, Json{{"protocol", 2}, {"node", "../a"}}, Json{{"protocol", 2}}}) {
    const auto refused = post("check-in", wrong);
    EXPECT_EQ(refused.code(), "invalid");
    EXPECT_THAT(refused.fields(), ElementsAre(wrong["protocol"] == 1 ? "protocol" : "node"));
  }
}

TEST_F(RunnerProtocolTest, AHeartbeatHearsTheTimeAndWhetherToStop) {
  Json body{{"time", "2026-11-21T03:22:11Z"}, {"outbox_bytes", 0}};
  EXPECT_EQ(post("heartbeat", body).json(), (Json{{"time", to_rfc3339(api.clock.now_us())}, {"stop", nullptr}}));
  EXPECT_FALSE(api.scheduler.ran) << "not before its ranks have started";
  body["ran_seconds"] = 3600;
  EXPECT_EQ(post("heartbeat", body).status, 200);
  EXPECT_EQ(api.scheduler.ran, std::chrono::seconds(3600));
  body["ran_seconds"] = -1;
  EXPECT_THAT(post("heartbeat", body).fields(), ElementsAre("ran_seconds"));
  body.erase("ran_seconds");
  api.scheduler.stop_order = scheduler::StopOrder{"canceled", "enough", 5};
  EXPECT_EQ(post("heartbeat", body).json()["stop"], (Json{{"reason", "enough"}, {"code", "canceled"}, {"grace_seconds", 5}}));
  api.scheduler.refusal = Error{Code::conflict, "the attempt is over", "", {}};
  EXPECT_EQ(post("heartbeat", body).code(), "conflict");
}

TEST_F(RunnerProtocolTest, WhatRanksDoIsPassedOn) {
  EXPECT_EQ(post("started", {{"ranks",
                              {{{"rank", 1}, {"pid", 5}, {"started_at", "2026-11-21T03:22:12Z"}},
                               {{"rank", 0}, {"pid", 4}, {"started_at", "2026-11-21T03:22:11Z"}}}}})
                .status,
            200);
  EXPECT_EQ(api.scheduler.first_rank_at, *from_rfc3339("2026-11-21T03:22:11Z"));
  model::RankReport report;
  report.rank = 3;
  report.exit_code = 1;
  EXPECT_EQ(post("rank-failed", to_json(report), 2).status, 200);
  EXPECT_EQ(api.scheduler.reports[0].rank, 3);
  EXPECT_EQ(post("finished", {{"ranks", {to_json(report)}}}, 2).status, 200);
  EXPECT_EQ(post("done", {{"warnings", {"w"}}, {"resolved_environment", {{"python", "3.11"}}}}, 2).status, 200);
  EXPECT_THAT(api.scheduler.warnings, ElementsAre("w"));
  EXPECT_EQ(api.scheduler.resolved_environment["python"], "3.11");
  const std::string node = run.run_id + "/1/";
  EXPECT_THAT(api.scheduler.calls,
              ElementsAre("started " + node + "0", "rank-failed " + node + "2", "finished " + node + "2", "done " + node + "2"));
  EXPECT_EQ(post("rank-failed", Json::object()).code(), "invalid");
  EXPECT_EQ(post("finished", {{"ranks", {7}}}).code(), "invalid");
  EXPECT_EQ(post("started", {{"ranks", {{{"rank", 0}, {"started_at", "now"}}}}}).code(), "invalid");
}

TEST_F(RunnerProtocolTest, LogsArriveOnceHoweverOftenTheyAreSent) {
  const std::string first = "logs?path=azureml-logs/a.txt&offset=0&time=2026-11-21T03:22:11Z&rank=2";
  EXPECT_EQ(send("PUT", first, "hello ").json()["size"], 6);
  EXPECT_EQ(send("PUT", first, "hello ").json()["size"], 6);
  EXPECT_EQ(send("PUT", "logs?path=azureml-logs/a.txt&offset=3", "lo world").json()["size"], 11);
  EXPECT_EQ(send("PUT", "logs?path=logs/none.txt&offset=20", "x").status, 409);
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id + "/logs")).json()["logs"].size(), 1u) << "a refused call leaves no empty log";
  const auto gap = send("PUT", "logs?path=azureml-logs/a.txt&offset=20", "x");
  EXPECT_EQ(gap.code(), "conflict");
  EXPECT_EQ(gap.json()["size"], 11);
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id + "/logs/azureml-logs/a.txt")).body, "hello world");
  for (const char* bad : {"logs?path=../x&offset=0", "logs?path=/x&offset=0", "logs?offset=0", "logs?path=a", "logs?path=a&offset=-1",
                          "logs?path=a&offset=0&time=x"}) {
    EXPECT_EQ(send("PUT", bad, "x").code(), "invalid") << bad;
  }
  EXPECT_EQ(send("PUT", first, std::string((4u << 20) + 1, 'x')).code(), "too_large");
}

TEST_F(RunnerProtocolTest, TheLastWordsWaitForTheDisk) {
  const std::string put = "logs?path=logs/a.log&offset=0";
  ASSERT_EQ(send("PUT", put, "hello").status, 200);
  int syncs = 0;
  api.sync = [&](int) { return ++syncs, 0; };
  EXPECT_EQ(post("finished", {{"ranks", Json::array()}}).status, 200);
  EXPECT_GT(syncs, 3);
  ASSERT_EQ(send("PUT", "logs?path=logs/a.log&offset=5", "!").status, 200);
  api.sync = [](int) {
    errno = EIO;
    return -1;
  };
  const Json done{{"warnings", Json::array()}, {"logs", {{{"path", "logs/a.log"}, {"size", 6}}}}};
  EXPECT_EQ(post("done", done).code(), "storage_failed");
  EXPECT_EQ(api.scheduler.calls.size(), 1);  // finished
  api.sync = ::fsync;
  // The disk is back, what it had not kept is gone; the runner has it.
  const auto shorter = post("done", done);
  EXPECT_EQ(shorter.status, 500);
  EXPECT_EQ(shorter.code(), "storage_failed");
  EXPECT_EQ(send("PUT", "logs?path=logs/a.log&offset=6", "").json()["size"], 0);
  ASSERT_EQ(send("PUT", put, "hello!").status, 200);
  EXPECT_EQ(post("done", done).status, 200);
  EXPECT_EQ(post("done", {{"warnings", Json::array()}, {"logs", {{{"path", "../x"}, {"size", 1}}}}}).code(), "invalid");
}

std::string journal(int from, int to, const std::string& name = "loss") {
  model::JournalWriter writer;
  for (int i = from; i < to; ++i) writer.add(name, {1'000'000 + i, i, model::Number{i * 0.5, false}});
  return writer.bytes();
}

TEST_F(RunnerProtocolTest, PointsArriveOnceHoweverOftenTheyAreSent) {
  const auto send_points = [&](int sequence, const std::string& bytes) {
    return send("POST", fmt::format("metrics?process=12-ab&sequence={}&rank=0", sequence), bytes);
  };
  EXPECT_EQ(send_points(0, journal(0, 10)).json()["next_sequence"], 10);
  EXPECT_EQ(send_points(0, journal(0, 10)).json()["next_sequence"], 10);
  EXPECT_EQ(send_points(5, journal(5, 15)).json()["next_sequence"], 15);
  EXPECT_EQ(send_points(20, journal(20, 21)).code(), "conflict");
  EXPECT_EQ(send_points(15, "").json()["next_sequence"], 15);
  const Json points = api("GET", Api::in("/runs/" + run.run_id + "/metrics")).json()["metrics"]["loss"];
  ASSERT_EQ(points.size(), 15u);
  for (int i = 0; i < 15; ++i) EXPECT_EQ(points[static_cast<std::size_t>(i)]["step"], i);
  EXPECT_EQ(points[3], (Json{{"value", 1.5}, {"step", 3}, {"time", to_rfc3339(1'000'003)}, {"rank", 0}}));
}

TEST_F(RunnerProtocolTest, APointThatCannotBeKeptTakesItsNumberAndCostsNoOther) {
  model::JournalWriter writer;
  writer.add("loss", {1, 0, model::Number{0.5, false}});
  writer.add("loss", {1, 1, "1" + std::string(400, '0')});
  writer.leave_out();
  writer.add("loss", {1, 3, model::Number{1.5, false}});
  for (const int sequence : {0, 0}) {
    EXPECT_EQ(send("POST", fmt::format("metrics?process=a&sequence={}", sequence), writer.bytes()).json()["next_sequence"], 4);
  }
  model::JournalWriter after;
  after.add("loss", {1, 3, model::Number{1.5, false}});
  after.add("loss", {1, 4, model::Number{2.5, false}});
  EXPECT_EQ(send("POST", "metrics?process=a&sequence=3", after.bytes()).json()["next_sequence"], 5);
  const Json points = api("GET", Api::in("/runs/" + run.run_id + "/metrics")).json()["metrics"]["loss"];
  std::vector<int> steps;
  for (const Json& point : points) steps.push_back(point["step"]);
  EXPECT_THAT(steps, ElementsAre(0, 3, 4));
}

TEST_F(RunnerProtocolTest, WhatANodeIsMeasuredAtIsNoMetricOfTheRun) {
  model::JournalWriter writer;
  writer.add("cpu_cores_used", {1'000'000, std::nullopt, model::Number{1.5, false}});
  writer.add("cpu_cores_used", {2'000'000, std::nullopt, model::Number{2.5, false}});
  for (const int node_rank : {0, 2}) {
    const auto sent = api("POST", api.node(run, "machine?process=machine-1&sequence=0", node_rank), writer.bytes(), api.as_runner(run));
    EXPECT_EQ(sent.json()["next_sequence"], 2);
  }
  EXPECT_EQ(send("POST", "machine?process=machine-1&sequence=0", writer.bytes()).json()["next_sequence"], 2) << "sent again";
  EXPECT_EQ(send("POST", "machine?process=machine-1&sequence=9", writer.bytes()).code(), "conflict");
  const std::string of_run = "/runs/" + run.run_id;
  const Json curves = api("GET", Api::in(of_run + "/machine")).json()["curves"];
  ASSERT_EQ(curves.size(), 2u);
  EXPECT_EQ(curves[0]["node_rank"], 0);
  EXPECT_EQ(curves[1]["node_rank"], 2);
  EXPECT_FALSE(curves[0].contains("rank"));
  EXPECT_EQ(curves[0]["count"], 2);
  EXPECT_EQ(curves[0]["points"][1]["value"], 2.5);
  EXPECT_EQ(api("GET", Api::in(of_run + "/machine?node_rank=2&points=0")).json()["curves"].size(), 1u);
  EXPECT_EQ(api("GET", Api::in(of_run + "/metrics?rank=0")).status, 200);
  EXPECT_EQ(api("GET", Api::in(of_run + "/metrics/curves?rank=all")).json()["curves"], Json::array());
  EXPECT_EQ(api("GET", Api::in("/runs?show=metrics.cpu_cores_used")).json()["runs"][0]["metrics"], Json::object());
}

TEST_F(RunnerProtocolTest, AJournalThatIsNoneIsRefusedWhole) {
  std::string cut = journal(0, 10);
  cut.resize(cut.size() - 8);
  EXPECT_EQ(send("POST", "metrics?process=a&sequence=0", cut).status, 400);
  EXPECT_EQ(send("POST", "metrics?process=a&sequence=0", std::string(1000, '\xff')).status, 400);
  EXPECT_EQ(send("POST", "metrics?process=../a&sequence=0", "").code(), "invalid");
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id + "/metrics")).json()["metrics"], Json::object());
}

TEST_F(RunnerProtocolTest, MetricsShowEveryKindOfValueAndTheRanksAsked) {
  model::JournalWriter writer;
  const auto add = [&](const char* name, model::MetricValue value) { writer.add(name, {5, std::nullopt, std::move(value)}); };
  add("nan", model::Number{std::nan(""), false});
  add("inf", model::Number{-INFINITY, false});
  add("whole", model::Number{3, true});
  add("text", std::string("\"a\""));
  add("list", std::string(R"({"list":[1,2]})"));
  ASSERT_EQ(send("POST", "metrics?process=a&sequence=0&rank=0", writer.bytes()).status, 200);
  ASSERT_EQ(send("POST", "metrics?process=b&sequence=0&rank=1", journal(0, 2, "whole")).status, 200);
  const std::string base = Api::in("/runs/" + run.run_id + "/metrics");
  const Json zero = api("GET", base).json()["metrics"];
  EXPECT_EQ(zero["nan"][0]["value"], "NaN");
  EXPECT_EQ(zero["inf"][0]["value"], "-Infinity");
  EXPECT_EQ(zero["whole"][0], (Json{{"value", 3}, {"step", nullptr}, {"time", to_rfc3339(5)}, {"rank", 0}}));
  EXPECT_EQ(zero["text"][0]["value"], "a");
  EXPECT_EQ(zero["list"][0]["value"], (Json{{"list", {1, 2}}}));
  EXPECT_EQ(api("GET", base + "?rank=1").json()["metrics"].size(), 1u);
  EXPECT_EQ(api("GET", base + "?rank=all&name=whole").json()["metrics"]["whole"].size(), 3u);
  const Json curves = api("GET", base + "/curves?rank=all&points=5").json()["curves"];
  ASSERT_EQ(curves.size(), 6u);
  EXPECT_EQ(curves[0], (Json{{"name", "nan"},
                             {"rank", 0},
                             {"count", 1},
                             {"min", nullptr},
                             {"max", nullptr},
                             {"last", {{"value", "NaN"}, {"step", nullptr}, {"time", to_rfc3339(5)}}},
                             {"points", {{{"value", "NaN"}, {"step", nullptr}, {"time", to_rfc3339(5)}}}}}));
  EXPECT_EQ(curves[1]["min"], "-Infinity");
  EXPECT_EQ(curves[3]["points"], Json::array());
  EXPECT_EQ(curves[4]["last"]["value"], (Json{{"list", {1, 2}}}));
  EXPECT_EQ(curves[5]["count"], 2);
  EXPECT_EQ(api("GET", base + "/curves?name=whole&points=0").json()["curves"][0]["points"], Json::array());
  for (const char* wrong : {"points=4", "points=10001", "points=-1", "limit=0", "rank=x"})
    EXPECT_EQ(api("GET", base + "/curves?" + wrong).status, 422) << wrong;
  EXPECT_EQ(api("GET", base + "/curves?rank=all&limit=4").json()["curves"].size(), 4u);
  const Json page = api("GET", base + "?rank=all&limit=4").json();
  EXPECT_EQ(api("GET", base + "?rank=all&cursor=" + page["next"].get<std::string>()).json()["metrics"].size(), 2u);
}

TEST_F(RunnerProtocolTest, OutputsNeedTheirBlobsAndTheLowestNodeKeepsTheName) {
  const auto file = [](const std::string& path, const std::string& bytes) {
    return Json{{"path", path}, {"size", bytes.size()}, {"sha256", sha256_hex(bytes)}};
  };
  const auto refused = post("outputs", {{"files", {file("outputs/a", "one"), file("../b", "two")}}});
  EXPECT_EQ(refused.code(), "invalid");
  EXPECT_THAT(refused.fields(), ElementsAre("files[0].sha256", "files[1].path", "files[1].sha256"));
  api.put_blob("one");
  api.put_blob("two");
  EXPECT_EQ(post("outputs", {{"files", {file("outputs/a", "two")}}}, 1).json()["warnings"], Json::array());
  const auto clash = post("outputs", {{"files", {file("outputs/a", "one")}}}, 0);
  EXPECT_EQ(clash.status, 200);
  EXPECT_EQ(clash.json()["warnings"].size(), 1u);
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id + "/artifacts/outputs/a")).body, "one");
  EXPECT_EQ(api("GET", Api::in("/runs/" + run.run_id + "/artifacts/outputs/node_1/a")).body, "two");
}

TEST_F(RunnerProtocolTest, MetricNamesBeyondTheLimitAreNamedInAWarning) {
  const auto names = [](int from, int to) {
    model::JournalWriter writer;
    for (int i = from; i < to; ++i) writer.add("m" + std::to_string(i), {1, std::nullopt, model::Number{1, false}});
    return writer.bytes();
  };
  const store::metrics::Limits limits;
  const int most = static_cast<int>(limits.names);
  EXPECT_EQ(send("POST", "metrics?process=a&sequence=0", names(0, most)).json()["next_sequence"], most);
  const std::size_t before = api.run(run.run_id).warnings.size();  // of its submission
  model::JournalWriter writer;
  for (const int i : {0, most}) writer.add("m" + std::to_string(i), {1, std::nullopt, model::Number{1, false}});
  const std::string& more = writer.bytes();
  EXPECT_EQ(send("POST", fmt::format("metrics?process=a&sequence={}", most), more).json()["next_sequence"], most + 2) << "taken as a whole";
  EXPECT_EQ(send("POST", "metrics?process=b&sequence=0", more).status, 200);
  const auto warnings = api.run(run.run_id).warnings;
  ASSERT_EQ(warnings.size(), before + 1);
  EXPECT_THAT(warnings.back(), HasSubstr(fmt::format("more than {} metric names", most)));
  EXPECT_THAT(warnings.back(), HasSubstr(fmt::format("`m{}`", most)));
  const auto kept = api("GET", Api::in("/runs/" + run.run_id + "/metrics?name=m0")).json()["metrics"];
  EXPECT_EQ(kept["m0"].size(), 3u);
}

TEST_F(RunnerProtocolTest, AnAttemptThatNeverWasOpensNothing) {
  model::Run later = run;
  later.attempt = 7;
  EXPECT_EQ(api("PUT", api.node(later, "logs?path=a&offset=0"), "x", api.as_runner(later)).status, 401);
}

}  // namespace
}  // namespace muster::api
