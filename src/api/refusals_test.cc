// Bad input, as tables: what is sent, and which status, code and fields come back. Nothing may be left half made.
#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

struct Refusal {
  std::string method;
  std::string path;  ///< {run} is a run's id
  std::string body;
  int status;
  std::string code;
  std::vector<std::string> fields = {};
};

std::ostream& operator<<(std::ostream& out, const Refusal& one) {
  return out << one.method << ' ' << one.path << ' ' << one.body.substr(0, 80);
}

class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, IsTold) {
  const Refusal& expected = GetParam();
  Api api;
  const model::Run run = api.submit();
  std::string path = expected.path;
  if (const std::size_t at = path.find("{run}"); at != std::string::npos) path.replace(at, 5, run.run_id);
  const auto answer = api(expected.method, path, expected.body);
  EXPECT_EQ(answer.status, expected.status) << answer.body;
  EXPECT_EQ(answer.code(), expected.code) << answer.body;
  EXPECT_EQ(answer.fields(), expected.fields) << answer.body;
  EXPECT_FALSE(answer.json().value("detail", "").empty());
  EXPECT_EQ(api("GET", Api::in("/runs")).json()["runs"].size(), 1u);
  EXPECT_EQ(api("GET", Api::in("/models")).json()["models"].size(), 0u);
  EXPECT_EQ(api("GET", Api::in("/compute_targets")).json()["compute_targets"].size(), 1u);
}

const std::string kRuns = Api::in("/runs");
const std::string kSha(64, 'a');

INSTANTIATE_TEST_SUITE_P(
    Bodies, RefusalTest,
    testing::Values(Refusal{"POST", kRuns, "", 400, "malformed"}, Refusal{"POST", kRuns, "{", 400, "malformed"},
                    Refusal{"POST", kRuns, "{\"experiment\": \"\xff\"}", 400, "malformed"},
                    Refusal{"POST", kRuns, std::string(200'000, '['), 400, "malformed"},
                    Refusal{"POST", kRuns, R"({"experiment":)" + std::string(200'000, '[') + std::string(200'000, ']') + "}", 400,
                            "malformed"},
                    Refusal{"POST", kRuns, "[]", 422, "invalid", {"", "script"}},
                    Refusal{"POST", kRuns, "{}", 422, "invalid", {"experiment", "script"}},
                    Refusal{"POST", kRuns, R"({"experiment":"e","command":"true","priority":1e400})", 422, "invalid"},
                    Refusal{"POST", kRuns, "\"" + std::string(9u << 20, 'a') + "\"", 413, "too_large"},
                    Refusal{"POST", Api::in("/blobs/missing"), "{}", 422, "invalid", {"sha256"}},
                    Refusal{"POST", Api::in("/blobs/missing"), R"({"sha256":["A",7]})", 422, "invalid", {"sha256[1]", "sha256[0]"}},
                    Refusal{"POST",
                            Api::in("/snapshots"),
                            R"({"files":[{"path":"../a","size":1,"sha256":"x","mode":1}]})",
                            422,
                            "invalid",
                            {"files[0].mode", "files[0].path", "files[0].sha256"}},
                    Refusal{"PATCH", kRuns + "/{run}", R"({"tags":{"a":1},"colour":"red"})", 422, "invalid", {"tags.a", "colour"}},
                    Refusal{"PATCH", kRuns + "/{run}", R"({"display_name":"a\nb"})", 422, "invalid", {"display_name"}},
                    Refusal{"POST", kRuns + "/{run}/cancel", R"({"reason":7})", 422, "invalid", {"reason"}}));

INSTANTIATE_TEST_SUITE_P(
    Submissions, RefusalTest,
    testing::Values(
        Refusal{"POST",
                kRuns,
                R"({"experiment":"a/b","script":"../x.py","node_count":0,"colour":1})",
                422,
                "invalid",
                {"experiment", "script", "node_count", "colour"}},
        Refusal{"POST", kRuns, R"({"experiment":"e","script":"train.py","snapshot_id":")" + kSha + "\"}", 422, "invalid", {"snapshot_id"}},
        Refusal{"POST", kRuns, R"({"experiment":"e","script":"train.py"})", 422, "invalid", {"script"}},
        Refusal{"POST", kRuns, R"({"experiment":"e","command":"true","compute_target":"gpu"})", 422, "invalid", {"compute_target"}},
        Refusal{"POST",
                kRuns,
                R"({"experiment":"e","command":"true","node_count":2,"distribution":{"type":"pytorch"}})",
                422,
                "invalid",
                {"node_count"}},
        Refusal{"POST",
                kRuns,
                R"({"experiment":"e","command":"true","compute_target":"gpu","parent_run_id":"x","snapshot_id":")" + kSha + "\"}",
                422,
                "invalid",
                {"snapshot_id", "compute_target", "parent_run_id"}},
        Refusal{
            "POST",
            kRuns,
            R"({"experiment":"e","command":"true","environment":{"docker":{"base_image":"x"},"python":{"conda_packages":["pytorch"]}}})",
            422,
            "invalid",
            {"environment.python.conda_packages[0]"}},
        Refusal{"POST", "/api/v1/workspaces/nowhere/runs", "{}", 404, "not_found"}));

INSTANTIATE_TEST_SUITE_P(
    Targets, RefusalTest,
    testing::Values(
        Refusal{"POST", Api::in("/compute_targets"), R"({"name":"gpu"})", 422, "invalid", {"max_nodes"}},
        Refusal{"POST",
                Api::in("/compute_targets"),
                R"({"name":"-","max_nodes":0,"min_nodes":-1,"vm_priority":"x"})",
                422,
                "invalid",
                {"name", "max_nodes", "min_nodes", "vm_priority"}},
        Refusal{"POST", Api::in("/compute_targets"), R"({"name":"gpu","max_nodes":1,"min_nodes":2})", 422, "invalid", {"min_nodes"}},
        Refusal{"POST", Api::in("/compute_targets"), R"({"name":"local","max_nodes":1})", 409, "conflict"},
        Refusal{"PATCH", Api::in("/compute_targets/local"), R"({"max_nodes":3})", 409, "conflict"},
        Refusal{"PATCH", Api::in("/compute_targets/gpu"), R"({"max_nodes":3})", 404, "not_found"},
        Refusal{"DELETE", Api::in("/compute_targets/local"), "", 409, "conflict"},
        Refusal{"DELETE", Api::in("/compute_targets/gpu"), "", 404, "not_found"}));

INSTANTIATE_TEST_SUITE_P(
    Models, RefusalTest,
    testing::Values(Refusal{"POST", Api::in("/models"), "{}", 422, "invalid", {"name", "path"}},
                    Refusal{"POST", Api::in("/models"), R"({"name":"a b","path":"x"})", 422, "invalid", {"name", "run_id"}},
                    Refusal{"POST", Api::in("/models"), R"({"name":"m","run_id":"nobody","path":"outputs"})", 422, "invalid", {"run_id"}},
                    Refusal{"POST", Api::in("/models"), R"({"name":"m","files":[]})", 422, "invalid", {"files"}},
                    Refusal{"POST",
                            Api::in("/models"),
                            R"({"name":"m","files":[{"path":"/a","size":1,"sha256":")" + kSha + R"("},{"path":"b"}]})",
                            422,
                            "invalid",
                            {"files[0].path", "files[0].sha256", "files[1].size", "files[1].sha256"}},
                    Refusal{"GET", Api::in("/models/m"), "", 404, "not_found"},
                    Refusal{"GET", Api::in("/models/m/versions/x"), "", 404, "not_found"},
                    Refusal{"DELETE", Api::in("/models/m/versions/1"), "", 404, "not_found"}));

INSTANTIATE_TEST_SUITE_P(Queries, RefusalTest,
                         testing::Values(Refusal{"GET", kRuns + "?limit=0", "", 422, "invalid", {"limit"}},
                                         Refusal{"GET", kRuns + "?limit=x&staus=Failed", "", 422, "invalid", {"limit", "staus"}},
                                         Refusal{"GET", kRuns + "?status=Done", "", 422, "invalid", {"status"}},
                                         Refusal{"GET", kRuns + "?cursor=x", "", 400, "malformed"},
                                         Refusal{"GET", kRuns + "/{run}/metrics?rank=first", "", 422, "invalid", {"rank"}},
                                         Refusal{"GET", kRuns + "/{run}/metrics?limit=100001", "", 422, "invalid", {"limit"}},
                                         Refusal{"GET", kRuns + "/{run}/events?log=yes", "", 422, "invalid", {"log"}},
                                         Refusal{"GET", kRuns + "/{run}/events?positions=7", "", 422, "invalid", {""}},
                                         Refusal{"GET", kRuns + "/{run}/events?positions=%7B%22a%22:-1%7D", "", 422, "invalid", {"a"}},
                                         Refusal{"GET", kRuns + "/{run}/merged-log?ranks=0,x", "", 422, "invalid", {"ranks"}},
                                         Refusal{"GET", kRuns + "/{run}/merged-log?skip=0:1,2", "", 422, "invalid", {"skip"}}));

INSTANTIATE_TEST_SUITE_P(
    Paths, RefusalTest,
    testing::Values(
        Refusal{"GET", kRuns + "/nobody", "", 404, "not_found"}, Refusal{"GET", kRuns + "/" + std::string(5000, 'a'), "", 404, "not_found"},
        Refusal{"GET", kRuns + "/{run}/artifacts/outputs/x", "", 404, "not_found"},
        Refusal{"GET", kRuns + "/{run}/artifacts/../../x", "", 404, "not_found"},
        Refusal{"PUT", kRuns + "/{run}/artifacts/../../x", "bytes", 422, "invalid"},
        Refusal{"PUT", kRuns + "/{run}/artifacts/a//b", "bytes", 422, "invalid"},
        Refusal{"GET", kRuns + "/{run}/merged-log?ranks=7", "", 404, "not_found"},
        Refusal{"GET", kRuns + "/{run}/merged-log?attempt=2", "", 404, "not_found"},
        Refusal{"GET", kRuns + "/{run}/logs/..%2f..%2fetc/passwd", "", 404, "not_found"},
        Refusal{"GET", kRuns + "/{run}/logs/azureml-logs/70_driver_log.txt", "", 404, "not_found"},
        Refusal{"PUT", Api::in("/blobs/abc"), "abc", 422, "invalid"}, Refusal{"PUT", Api::in("/blobs/" + kSha), "abc", 422, "invalid"},
        Refusal{"POST", Api::in("/blobs"), "not a tar, but long enough to be looked at", 400, "malformed"},
        Refusal{"GET", Api::in("/snapshots/" + kSha), "", 404, "not_found"},
        Refusal{"GET", Api::in("/experiments/none"), "", 404, "not_found"},
        Refusal{"GET", Api::in("/environments/none"), "", 404, "not_found"},
        Refusal{"GET", "/api/v1/workspaces/none", "", 404, "not_found"},
        Refusal{"POST", "/api/v1/workspaces", R"({"name":"a b"})", 422, "invalid", {"name"}},
        Refusal{"POST", "/api/v1/workspaces", R"({"name":"default"})", 409, "conflict"},
        Refusal{"POST", Api::in("/experiments"), R"({"name":"a/b"})", 422, "invalid", {"name"}},
        Refusal{"POST", Api::in("/experiments"), R"({"name":")" + std::string(300, 'a') + "\"}", 422, "invalid", {"name"}},
        Refusal{"GET", "/api/v2/nothing", "", 404, "not_found"}, Refusal{"DELETE", "/api/v1/status", "", 405, "method_not_allowed"}));

}  // namespace
}  // namespace muster::api
