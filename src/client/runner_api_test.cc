#include "client/runner_api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/fake_http_server.h"

namespace muster::client {
namespace {

using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

constexpr const char* kOrder =
    R"({"run_id": "birds_1_0a", "uuid": "u", "workspace": "default", "experiment": "birds", "attempt": 2, "node_rank": 1, "node_count": 2,
  "nodes": [{"node_rank": 1, "node": "kb", "address": "b"}, {"node_rank": 0, "node": "ka", "address": "a"}], "master": {"address": "a", "port": 6105}, "snapshot_id": "s",
  "script": "train.py", "command": null, "arguments": ["--x", "1"],
  "environment": {"name": "default", "variables": {"A": "1"}, "prepared": {"hash": "h", "builder": "venv", "root": "/e", "interpreter": "bin/python", "prefix": [], "path": ["bin"], "variables": {"VIRTUAL_ENV": "{root}"}, "newer": 2}, "new": 1}, "distribution": {"type": "pytorch", "process_count": 4, "backend": "gloo"},
  "grace_seconds": 7, "restore_outputs": true, "variables": {"PATH": "/bin"}, "job_token": "mj_1", "something_new": 5})";

class RunnerApiTest : public testing::Test {
 protected:
  FakeAnswer answer(int status, const char* body) {
    FakeAnswer result;
    result.status = status;
    result.body = body;
    return result;
  }
  RunnerApi runner_for(const FakeHttpServer& server) {
    ApiOptions options;
    options.address = {server.url(), "t", "default"};
    return RunnerApi(*Api::create(std::move(options)), "birds_1_0a", 2, 1);
  }
};

TEST_F(RunnerApiTest, ChecksInUntilThereIsAWorkOrder) {
  int count = 0;
  FakeHttpServer server(
      [&](const FakeRequest&) { return ++count == 1 ? answer(202, R"({"node_rank": 1, "waiting_for": 1})") : answer(200, kOrder); });
  RunnerApi runner = runner_for(server);
  const CheckIn check_in{.node = "kb", .version = "0.1.0", .pid = 7, .host = "h", .address = "b", .port = 6105, .salvage = false};
  const auto first = runner.check_in(check_in);
  ASSERT_TRUE(first);
  EXPECT_EQ(std::get<Waiting>(*first).nodes, 1);
  EXPECT_EQ(std::get<Waiting>(*first).node_rank, 1);
  const auto second = runner.check_in(check_in);
  ASSERT_TRUE(second) << second.error().detail;
  const auto& order = std::get<WorkOrder>(*second);
  EXPECT_EQ(order.addresses, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(order.node_keys, (std::vector<std::string>{"ka", "kb"}));
  EXPECT_EQ(order.master_port, 6105);
  EXPECT_EQ(order.script, "train.py");
  EXPECT_EQ(order.arguments.size(), 2u);
  EXPECT_EQ(order.environment_variables.at("A"), "1");
  EXPECT_EQ(order.distribution->process_count, 4);
  EXPECT_TRUE(order.restore_outputs);
  EXPECT_EQ(order.job_token, "mj_1");
  const FakeRequest request = server.requests().at(0);
  EXPECT_EQ(request.target, "/api/v1/runner/runs/birds_1_0a/attempts/2/check-in") << "its rank is learnt here";
  EXPECT_EQ(Json::parse(request.body)["protocol"], 2);
  EXPECT_EQ(Json::parse(request.body)["node"], "kb");
}

TEST_F(RunnerApiTest, AHeartbeatMayBringAStop) {
  int count = 0;
  FakeHttpServer server([&](const FakeRequest&) {
    return answer(200, ++count == 1
                           ? R"({"time": "2026-11-21T00:00:00Z", "stop": null})"
                           : R"({"time": "2026-11-21T00:00:01Z", "stop": {"reason": "asked", "code": "canceled", "grace_seconds": 3}})");
  });
  RunnerApi runner = runner_for(server);
  const auto calm = runner.heartbeat(1, 0, {});
  ASSERT_TRUE(calm);
  EXPECT_FALSE(calm->stop);
  const auto stop = runner.heartbeat(1, 0, {}, std::chrono::seconds(7));
  ASSERT_TRUE(stop);
  EXPECT_EQ(stop->server_time - calm->server_time, 1'000'000);
  EXPECT_EQ(stop->stop->code, "canceled");
  EXPECT_EQ(stop->stop->grace_seconds, 3);
  EXPECT_FALSE(Json::parse(server.requests().at(0).body).contains("ran_seconds"));
  EXPECT_EQ(Json::parse(server.requests().at(1).body)["ran_seconds"], 7);
}

TEST_F(RunnerApiTest, AGapInALogIsAnAnswer) {
  int count = 0;
  FakeHttpServer server([&](const FakeRequest&) {
    ++count;
    if (count == 1) return answer(200, R"({"size": 12})");
    if (count == 2) return answer(409, R"({"code": "conflict", "detail": "past the end", "size": 5})");
    return answer(409, R"({"code": "conflict", "detail": "the run has ended"})");
  });
  RunnerApi runner = runner_for(server);
  const auto taken = runner.put_log("azureml-logs/70_driver_log.txt", 7, 1'000'000, 0, "hello");
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->size, 12u);
  EXPECT_FALSE(taken->gap);
  const auto gap = runner.put_log("logs/x", 100, 1, std::nullopt, "y");
  ASSERT_TRUE(gap);
  EXPECT_TRUE(gap->gap);
  EXPECT_EQ(gap->size, 5u);
  EXPECT_EQ(runner.put_log("logs/x", 100, 1, std::nullopt, "y").error().code, Code::conflict);
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].target,
            "/api/v1/runner/runs/birds_1_0a/attempts/2/nodes/1/"
            "logs?path=azureml-logs%2F70_driver_log.txt&offset=7&time=1970-01-01T00%3A00%3A01.000000Z&rank=0");
  EXPECT_EQ(requests[1].target.find("rank="), std::string::npos);
}

TEST_F(RunnerApiTest, SendsPointsAndOutputs) {
  FakeHttpServer server([&](const FakeRequest&) { return answer(200, R"({"next_sequence": 9})"); });
  RunnerApi runner = runner_for(server);
  EXPECT_EQ(*runner.post_metrics("12-ab", 4, 0, "records"), 9u);
  ASSERT_TRUE(runner.record_outputs({{"outputs/m", 3, "aa"}}));
  const auto requests = server.requests();
  EXPECT_EQ(requests[0].headers.at("content-type"), "application/x-muster-journal");
  EXPECT_EQ(requests[0].body, "records");
  EXPECT_EQ(Json::parse(requests[1].body)["files"][0]["path"], "outputs/m");
}

TEST(WorkOrder, RefusesWhatItCannotFollow) {
  Json order = Json::parse(kOrder);
  order["command"] = "also";
  EXPECT_EQ(work_order_from_json(order).error().code, Code::invalid);
  order = Json::parse(kOrder);
  order.erase("run_id");
  EXPECT_NE(work_order_from_json(order).error().detail.find("run_id"), std::string::npos);
  order = Json::parse(kOrder);
  order["nodes"][0]["node_rank"] = 5;
  EXPECT_FALSE(work_order_from_json(order));
  EXPECT_FALSE(work_order_from_json(Json("text")));
}

}  // namespace
}  // namespace muster::client
