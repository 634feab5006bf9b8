
#include <nlohmann/json.hpp>

#include "runner/runner.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <thread>

#include "runner/log_names.h"
#include "runner/runner_fixture.h"

namespace muster::runner {
namespace {

using test::FakeAnswer;

TEST_F(RunnerTest, BringsHomeAllThatAScriptLeaves) {
  script(
      "import os, sys\nprint('in', os.getcwd())\nprint('to stderr', file=sys.stderr)\n"
      "open('outputs/model.pt', 'w').write('weights')\nopen('logs/train.log', 'w').write('a line\\n')\n");
  run();
  const auto arrived = server_.arrived();
  EXPECT_EQ(log(), "in " + folder().string() + "\nto stderr\n");
  EXPECT_EQ(log("logs/train.log"), "a line\n");
  ASSERT_EQ(arrived.outputs.size(), 1U);
  EXPECT_EQ(arrived.blobs.at(arrived.outputs.at("outputs/model.pt")), "weights");
  // Outputs go while the end of the ranks is told.
  EXPECT_THAT(arrived.calls, AnyOf(ElementsAre("check-in", "started", "finished", "outputs", "done"),
                                   ElementsAre("check-in", "started", "outputs", "finished", "done")));
  ASSERT_EQ(arrived.finished.size(), 1U);
  EXPECT_EQ(arrived.finished[0]["exit_code"], 0);
  EXPECT_THAT(arrived.done["warnings"], IsEmpty()) << arrived.done;
  EXPECT_TRUE(arrived.done["resolved_environment"].contains("python_version")) << arrived.done;
  EXPECT_GE(arrived.heartbeats, 1);
  EXPECT_EQ(arrived.faults, 0);
  EXPECT_EQ(arrived.check_in["address"], "127.0.0.1");
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(RunnerTest, PointsOfTheSdkArriveOnceAndInOrder) {
  script("from azureml.core import Run\nrun = Run.get_context()\nfor i in range(5000):\n    run.log('loss', float(i))\n");
  run();
  const auto arrived = server_.arrived();
  ASSERT_EQ(arrived.points.size(), 1U) << log();
  std::vector<double> expected;
  for (int i = 0; i < 5000; ++i) expected.push_back(i);
  EXPECT_EQ(arrived.points.begin()->second, expected);
}

TEST_F(RunnerTest, AFailureIsToldAtOnceWithItsReason) {
  script("def learn():\n    raise ValueError('the loss is not a number')\nlearn()\n");
  run();
  const auto arrived = server_.arrived();
  EXPECT_THAT(arrived.calls, ElementsAre("check-in", "started", "rank-failed", "finished", "done"));
  ASSERT_EQ(arrived.failed.size(), 1U);
  EXPECT_EQ(arrived.failed[0]["exception"]["type"], "ValueError");
  EXPECT_EQ(arrived.failed[0]["exception"]["message"], "the loss is not a number");
  EXPECT_EQ(arrived.failed[0]["exit_code"], 1);
  EXPECT_EQ(arrived.finished[0], arrived.failed[0]);
}

TEST_F(RunnerTest, OutputsOfAFailedRunAreKept) {
  command("echo half > outputs/half; kill -SEGV $$");
  run();
  EXPECT_TRUE(server_.arrived().outputs.contains("outputs/half"));
  EXPECT_EQ(server_.arrived().finished[0]["signal"], "SIGSEGV");
}

TEST_F(RunnerTest, WhatIsInTheFolderOfAnUploadGoesIntoItsDatastore) {
  server_.order["inputs"] = {{"made",
                              {{"datastore", "store"},
                               {"path", "data/x"},
                               {"mode", "upload"},
                               {"patterns", {"**/*.txt", "*.txt"}},
                               {"register", {{"name", "mine"}}},
                               {"snapshot_id", nullptr},
                               {"file", nullptr}}}};
  server_.order["arguments"] = Json::array();
  command("cd $AZUREML_DATAREFERENCE_made && mkdir sub && echo a > a.txt && echo b > sub/b.txt && echo c > c.bin && ln -s a.txt link.txt");
  run();
  const auto files = server_.arrived().data;
  EXPECT_EQ(files.size(), 4U);
  EXPECT_EQ(files.at("data/x/a.txt"), sha256_hex("a\n"));
  EXPECT_EQ(files.at("data/x/link.txt"), sha256_hex("a\n"));
  EXPECT_EQ(files.at("data/x/sub/b.txt"), sha256_hex("b\n"));
  const Json registered = parse_json(server_.arrived().blobs.at(files.at(".muster/datasets/mine/1.json"))).value();
  EXPECT_EQ(registered["path"], "data/x");
  EXPECT_EQ(registered["version"], 1);
}

TEST_F(RunnerTest, AFailedRunsDataIsKeptAndNotRegistered) {
  server_.order["inputs"] = {{"made",
                              {{"datastore", "store"},
                               {"path", "data"},
                               {"mode", "upload"},
                               {"register", {{"name", "mine"}}},
                               {"snapshot_id", nullptr},
                               {"file", nullptr}}}};
  command("echo half > $AZUREML_DATAREFERENCE_made/half; exit 3");
  run();
  const auto files = server_.arrived().data;
  EXPECT_EQ(files.size(), 1U);
  EXPECT_TRUE(files.contains("data/half"));
}

TEST_F(RunnerTest, RanksHaveTheirOwnLogsAndVariables) {
  command("echo rank $RANK of $WORLD_SIZE local $LOCAL_RANK at $MASTER_ADDR:$MASTER_PORT");
  per_process(3);
  run();
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(log(fmt::format("azureml-logs/70_driver_log_{}.txt", rank)),
              fmt::format("rank {0} of 3 local {0} at 127.0.0.1:6105\n", rank));
  }
  EXPECT_EQ(server_.arrived().finished.size(), 3U);
}

TEST_F(RunnerTest, OneRanksFailureEndsTheOthers) {
  command("if [ $RANK = 1 ]; then echo 'ValueError: mine'; exit 3; fi; echo ready; exec sleep 600");
  per_process(3);
  run();
  const auto arrived = server_.arrived();
  ASSERT_EQ(arrived.failed.size(), 1U);
  EXPECT_EQ(arrived.failed[0]["rank"], 1);
  ASSERT_EQ(arrived.finished.size(), 3U);
  for (const Json& report : arrived.finished) EXPECT_EQ(report["stopped_by_us"], report["rank"] != 1) << report;
}

TEST_F(RunnerTest, ARankThatTakesLongOverItsEndIsTheCauseOfWhatItsPeersSaw) {
  command(R"(failure() { printf 'Traceback (most recent call last):\n  File "train.py", line 5, in <module>\n    step()\n%s\n' "$1"; }
case $RANK in
0) failure 'ValueError: mine'; touch "$OUT/ready_0"; exec sleep 600;;
1) failure 'ValueError: caught, and trained on'; echo going on; touch "$OUT/ready_1"; exec sleep 600;;
2) until [ -e "$OUT/ready_0" ] && [ -e "$OUT/ready_1" ]; do sleep 0.01; done
   failure 'ConnectionResetError: [Errno 104] Connection reset by peer'; exit 1;;
esac)");
  server_.order["variables"]["OUT"] = home_.path().string();
  per_process(3);
  run();
  std::map<int, Json> reports;
  for (const Json& report : server_.arrived().finished) reports[report["rank"].get<int>()] = report;
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(reports[0]["signal"], "SIGTERM");
  EXPECT_EQ(reports[0]["stopped_by_us"], false);
  EXPECT_EQ(reports[0]["exception"]["message"], "mine");
  EXPECT_EQ(reports[1]["stopped_by_us"], true);
  EXPECT_EQ(reports[2]["exception"]["type"], "ConnectionResetError");
}

TEST_F(RunnerTest, RanksThatIgnoreSigtermAreKilledAfterTheGrace) {
  command("if [ $RANK = 1 ]; then sleep 0.3; exit 3; fi; trap '' TERM; while :; do sleep 0.05; done");
  per_process(2);
  server_.order["grace_seconds"] = 1;
  run();
  const auto finished = server_.arrived().finished;
  ASSERT_EQ(finished.size(), 2U);
  EXPECT_EQ(finished[1]["signal"], "SIGKILL");
  EXPECT_EQ(finished[1]["stopped_by_us"], true);
}

TEST_F(RunnerTest, AStopInAHeartbeatLetsTheScriptSaveItsWork) {
  script(
      "import signal, sys, time\ndef stop(number, frame):\n    open('outputs/checkpoint', 'w').write('saved')\n    sys.exit(0)\n"
      "signal.signal(signal.SIGTERM, stop)\nprint('ready')\ntime.sleep(600)\n");
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) {
    return arrived.logs.contains("azureml-logs/70_driver_log.txt") && !arrived.logs.begin()->second.empty();
  }));
  server_.set_stop("canceled", 15);
  EXPECT_EQ(finish(), 0);
  const auto arrived = server_.arrived();
  EXPECT_TRUE(arrived.outputs.contains("outputs/checkpoint"));
  EXPECT_EQ(arrived.finished[0]["stopped_by_us"], true);
  EXPECT_EQ(arrived.finished[0]["exit_code"], 0);
  EXPECT_THAT(arrived.failed, IsEmpty());
}

TEST_F(RunnerTest, SigtermIsAStopToo) {
  command("echo ready; exec sleep 600");
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) { return !arrived.started.is_null(); }));
  ASSERT_TRUE(runner_->signal(SIGTERM));
  EXPECT_EQ(finish(), 0);
  EXPECT_EQ(server_.arrived().finished[0]["signal"], "SIGTERM");
  EXPECT_EQ(server_.arrived().finished[0]["stopped_by_us"], true);
}

TEST_F(RunnerTest, WhatTheScriptLeavesRunningIsEnded) {
  command("setsid sleep 601 & (setsid sleep 602 &) ; echo done");
  run();
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.finished[0]["exit_code"], 0);  // the process decides
}

TEST_F(RunnerTest, TheRunGoesOnWhileTheServerIsAway) {
  command("i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); [ $i = 10 ] && while [ ! -e " + (home_ / "go").string() +
          " ]; do sleep 0.01; done; done; echo kept > outputs/file; exit 5");
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) {
    const auto log = arrived.logs.find("azureml-logs/70_driver_log.txt");
    return !arrived.started.is_null() && log != arrived.logs.end() && log->second.find("line 9\n") != std::string::npos;
  }));
  server_.set_away(true);
  ASSERT_TRUE(write_file(home_ / "go", "", 0644, Durable::no));
  // The script ends while nobody hears of it: its group empties.
  const auto group = process::ProcessGroup::planned(test::fake_group());
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!group.members().empty() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(runner_->poll());
  server_.set_away(false);
  EXPECT_EQ(finish(), 0);
  std::string expected;
  for (int i = 0; i < 400; ++i) expected += fmt::format("line {}\n", i);
  EXPECT_EQ(log(), expected);
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.failed.size(), 1U);
  EXPECT_EQ(arrived.finished[0]["exit_code"], 5);
  EXPECT_TRUE(arrived.outputs.contains("outputs/file"));
}

/// What a server of another home, a proxy, one that speaks TLS now and any web server say at our server's address.
std::vector<FakeAnswer> answers_of_strangers() {
  FakeAnswer other_home;
  other_home.status = 401;
  other_home.headers = {{"Content-Type", "application/problem+json"}};
  other_home.body = R"({"code":"unauthorized","detail":"the token is not known to this server"})";
  FakeAnswer proxy;
  proxy.status = 404;
  proxy.headers = {{"Content-Type", "text/html"}};
  proxy.body = "<html>not here</html>";
  FakeAnswer wrong_proof = other_home;
  wrong_proof.headers.emplace_back(model::kProofHeader, std::string(64, '0'));
  FakeAnswer friendly;
  friendly.body =
      R"({"size":0,"next_sequence":0,"missing":[],"stop":{"reason":"no","code":"canceled","grace_seconds":0},"time":"2026-11-21T03:22:11Z"})";
  FakeAnswer speaks_tls;
  speaks_tls.status = 400;
  speaks_tls.headers = {{"Content-Type", "text/plain"}};
  speaks_tls.body = "this port speaks TLS: write https:// instead of http://\n";
  return {other_home, proxy, wrong_proof, speaks_tls, friendly};
}

TEST_F(RunnerTest, OnlyItsOwnServerIsHeard) {
  command("echo begun; while [ ! -e " + (home_ / "go").string() + " ]; do sleep 0.01; done; echo ended; echo kept > outputs/file");
  start();
  const auto begun = [](const auto& arrived) {
    const auto log = arrived.logs.find("azureml-logs/70_driver_log.txt");
    return !arrived.started.is_null() && log != arrived.logs.end() && log->second == "begun\n";
  };
  ASSERT_TRUE(server_.wait_for(begun));
  for (const FakeAnswer& stranger : answers_of_strangers()) {
    server_.set_stranger(stranger);
    ASSERT_TRUE(server_.stranger_answers(stranger.status == 401 ? 3 : 1)) << stranger.status;
    EXPECT_FALSE(runner_->poll()) << stranger.status << runner_log();
  }
  ASSERT_TRUE(write_file(home_ / "go", "", 0644, Durable::no));
  ASSERT_TRUE(server_.stranger_answers(2));
  server_.set_stranger(std::nullopt);
  EXPECT_EQ(finish(), 0) << runner_log();
  EXPECT_EQ(log(), "begun\nended\n");
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.finished[0]["exit_code"], 0);
  EXPECT_TRUE(arrived.outputs.contains("outputs/file"));
  EXPECT_EQ(arrived.done["warnings"], Json::array());
}

TEST_F(RunnerTest, AStrangerAtTheCheckInIsNoServer) {
  server_.set_stranger(answers_of_strangers().front());
  start();
  ASSERT_TRUE(server_.stranger_asked(5));
  server_.set_stranger(std::nullopt);
  EXPECT_EQ(finish(), 0) << runner_log();
}

TEST_F(RunnerTest, ARunnerThatIsToldThatItsRunIsOverEndsItsRanksAndKeepsWhatItHas) {
  server_.order["grace_seconds"] = 20;
  command("trap 'echo saved > outputs/checkpoint; exit 0' TERM; echo ready; while true; do sleep 0.01; done");
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) {
    const auto log = arrived.logs.find("azureml-logs/70_driver_log.txt");
    return log != arrived.logs.end() && log->second == "ready\n";
  }));
  server_.set_over(true);
  EXPECT_EQ(finish(), 1);
  EXPECT_EQ(read_file(folder() / "outputs/checkpoint").value_or(""), "saved\n");
  EXPECT_TRUE(fs::exists(folder() / ".muster/kept"));
  EXPECT_TRUE(server_.arrived().done.is_null());
  EXPECT_THAT(runner_log(), HasSubstr(folder().string()));
}

TEST_F(RunnerTest, ALastReportThatEndedTheRunIsNotTakenForARunThatIsOver) {
  server_.lose_done_answer(3);
  run();
  EXPECT_FALSE(fs::exists(folder())) << "all that it had is recorded";
}

TEST_F(RunnerTest, AKilledRunnersWorkIsCollectedByAnother) {
  script(
      "import os, signal\nfrom azureml.core import Run\nrun = Run.get_context()\ni = 0\nos.makedirs('outputs', exist_ok=True)\n"
      "open('outputs/early', 'w').write('kept')\nwhile True:\n    print('line %06d' % i)\n    run.log('n', float(i))\n    i += 1\n");
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) {
    return !arrived.points.empty() && arrived.points.begin()->second.size() > 500 &&
           arrived.logs.at("azureml-logs/70_driver_log.txt").size() > 20'000;
  }));
  ASSERT_TRUE(runner_->signal(SIGKILL));
  ASSERT_TRUE(runner_->wait(20s));
  start(true);
  EXPECT_EQ(finish(), 0) << runner_log();
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.check_in["salvage"], true);
  const std::string all = log();
  const auto lines = split(all, '\n');
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) ASSERT_EQ(lines[i], fmt::format("line {:06}", i));
  const std::vector<double>& points = arrived.points.begin()->second;
  for (std::size_t i = 0; i < points.size(); ++i) ASSERT_EQ(points[i], static_cast<double>(i));
  EXPECT_NEAR(static_cast<double>(points.size()), static_cast<double>(lines.size() - 1), 2);
  EXPECT_TRUE(arrived.outputs.contains("outputs/early"));
  ASSERT_EQ(arrived.finished.size(), 1U);
  EXPECT_EQ(arrived.finished[0]["signal"], "SIGKILL");
  EXPECT_EQ(arrived.finished[0]["stopped_by_us"], true);
  EXPECT_FALSE(arrived.done.is_null());
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(RunnerTest, ASnapshotThatBreaksOffIsFetchedAgain) {
  script("print('here')\n");
  server_.broken_snapshots = 2;
  run();
  EXPECT_EQ(log(), "here\n");
}

TEST_F(RunnerTest, WhatCannotBeStartedSaysWhy) {
  script("print('never')\n");
  server_.order["environment"]["prepared"]["interpreter"] = "/no/such/python";
  run();
  const auto arrived = server_.arrived();
  EXPECT_THAT(arrived.calls, ElementsAre("check-in", "finished", "done"));
  ASSERT_EQ(arrived.finished.size(), 1U);
  EXPECT_EQ(arrived.finished[0]["start_failed"], true);
  EXPECT_THAT(arrived.finished[0]["exception"]["message"].get<std::string>(), HasSubstr("/no/such/python"));
}

TEST_F(RunnerTest, ADamagedSnapshotStartsNothing) {
  script("print('never')\n");
  server_.snapshot = tar_of({{"../train.py", "print('out')\n"}});
  run();
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.finished[0]["start_failed"], true);
  EXPECT_THAT(arrived.finished[0]["exception"]["message"].get<std::string>(), HasSubstr("../train.py"));
}

TEST_F(RunnerTest, OutputsOfEarlierAttemptsAreBack) {
  command("cat outputs/model/checkpoint");
  server_.order["restore_outputs"] = true;
  server_.earlier = {{"outputs/model/checkpoint", "epoch 3\n"}};
  run();
  EXPECT_EQ(log(), "epoch 3\n");
}

TEST_F(RunnerTest, OnlyOutputsThatThisNodeWroteAreItsOwn) {
  command("echo epoch 4 > outputs/changed; echo mine > outputs/new; rm outputs/removed");
  server_.order["restore_outputs"] = true;
  server_.earlier = {{"outputs/changed", "epoch 3\n"}, {"outputs/same", "epoch 3\n"}, {"outputs/removed", "old\n"}};
  run();
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.outputs,
            (std::map<std::string, std::string>{{"outputs/changed", sha256_hex("epoch 4\n")}, {"outputs/new", sha256_hex("mine\n")}}));
  EXPECT_TRUE(arrived.done["warnings"].empty()) << arrived.done;
}

TEST_F(RunnerTest, AServersNameThatIsNotKnownYetIsWaitedFor) {
  url_ = "http://no.such.host.invalid:6464";
  start();
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  const auto said = [&] { return runner_log().find("looked for again until it is found") != std::string::npos; };
  while (!said() && !runner_->poll() && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(10ms);
  ASSERT_TRUE(said()) << runner_log();
  ASSERT_FALSE(runner_->poll());
  ASSERT_TRUE(runner_->signal(SIGTERM));
  EXPECT_NE(finish(), 0);
}

TEST_F(RunnerTest, OffersAPortForTheRanksOnceItKnowsThatItIsNodeZero) {
  nodes_ = 2;
  server_.waits = 1;
  run();
  const auto check_ins = server_.arrived().check_ins;
  ASSERT_GE(check_ins.size(), 2U);
  EXPECT_EQ(check_ins.front()["node"], "0");
  EXPECT_EQ(check_ins.front()["port"], 0) << "another node's would only be in the way";
  EXPECT_GT(check_ins.back()["port"], 0);
}

TEST_F(RunnerTest, WaitsForTheOtherNodes) {
  server_.waits = 3;
  run();
  EXPECT_THAT(server_.arrived().calls, ElementsAre("check-in", "check-in", "check-in", "check-in", "started", "finished", "done"));
}

TEST_F(RunnerTest, AStopEndsTheWaitingToo) {
  server_.waits = 1'000'000;
  server_.set_stop("canceled", 15);
  run();
  const auto arrived = server_.arrived();
  EXPECT_TRUE(arrived.started.is_null());
  EXPECT_EQ(arrived.finished[0]["stopped_by_us"], true);
  EXPECT_FALSE(arrived.done.is_null());
}

TEST_F(RunnerTest, LogsThatAreRotatedOrCutAreKeptWhole) {
  const std::string seen = (home_ / "go").string();
  command("echo one > logs/a.log; while [ ! -e " + seen +
          " ]; do sleep 0.01; done; mv logs/a.log logs/a.log.1; echo two > logs/a.log; "
          "mkdir logs/deep; echo deep > logs/deep/b.log; echo x > logs/c.log; while [ ! -e " +
          seen +
          "2 ]; do sleep 0.01; done; : > logs/c.log; "
          "while [ ! -e " +
          seen + "3 ]; do sleep 0.01; done; echo y >> logs/c.log");
  start();
  const auto wait_for = [&](const std::string& path, const std::string& text) {
    return server_.wait_for([&](const auto& arrived) { return arrived.logs.contains(path) && arrived.logs.at(path) == text; });
  };
  ASSERT_TRUE(wait_for("logs/a.log", "one\n"));
  ASSERT_TRUE(write_file(home_ / "go", "", 0644, Durable::no));
  ASSERT_TRUE(wait_for("logs/a.log.1", "two\n"));
  ASSERT_TRUE(wait_for("logs/deep/b.log", "deep\n"));
  ASSERT_TRUE(wait_for("logs/c.log", "x\n"));
  ASSERT_TRUE(write_file(home_ / "go2", "", 0644, Durable::no));
  ASSERT_TRUE(wait_for("logs/c.log.1", ""));
  ASSERT_TRUE(write_file(home_ / "go3", "", 0644, Durable::no));
  EXPECT_EQ(finish(), 0);
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.logs.at("logs/a.log"), "one\n");
  EXPECT_EQ(arrived.logs.at("logs/c.log"), "x\n");
  EXPECT_EQ(arrived.logs.at("logs/c.log.1"), "y\n");
}

/// Each is the whole of what was written at some time, later ones of later times, and the last generation is the last content.
void expect_generations(const std::map<std::string, std::string>& logs, const std::string& path, const std::string& last) {
  std::string before;
  int count = 0;
  for (std::string name = path; logs.contains(name); name = fmt::format("{}.{}", path, ++count)) {
    const std::string& content = logs.at(name);
    if (content.empty()) continue;  // cut, and not written yet
    EXPECT_EQ(content.size(), last.size()) << name << ": " << content;
    EXPECT_LT(before, content) << name;
    before = content;
  }
  EXPECT_EQ(before, last);
  EXPECT_LE(count, kMostGenerations + 1);
  for (const auto& [name, content] : logs) {
    EXPECT_TRUE(!name.starts_with("logs/") || name.starts_with(path)) << name << ": " << content;
  }
}

/// How a job writes a file anew, as Python.
struct Rewriting : RunnerTest, ::testing::WithParamInterface<const char*> {};

TEST_P(Rewriting, LeavesItsGenerationsAndItsLastContent) {
  script(std::string("import os, time\n"
                     "open('logs/status.json', 'w').write('step 000000\\n')\n"
                     "for i in range(1, 400):\n"
                     "    text = 'step %06d\\n' % i\n"
                     "    ") +
         GetParam() + "\n    time.sleep(0.01)\n");
  run();
  expect_generations(server_.arrived().logs, "logs/status.json", "step 000399\n");
}

INSTANTIATE_TEST_SUITE_P(Ways, Rewriting,
                         ::testing::Values("open('logs/status.tmp', 'w').write(text); os.replace('logs/status.tmp', 'logs/status.json')",
                                           "open('logs/status.json', 'r+').write(text)", "open('logs/status.json', 'w').write(text)"));

TEST_F(RunnerTest, ALogThatTheServersDiskLostIsSentAgain) {
  server_.lost_at_done = "azureml-logs/70_driver_log.txt";
  command("echo precious; echo other > logs/a.log");
  run();
  const auto arrived = server_.arrived();
  EXPECT_EQ(arrived.refused.at("short logs"), 1);
  EXPECT_EQ(arrived.logs.at("azureml-logs/70_driver_log.txt"), "precious\n");
  EXPECT_EQ(arrived.logs.at("logs/a.log"), "other\n");
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(RunnerTest, ARunFolderIsKeptWhenAskedFor) {
  start(false, {{"MUSTER_KEEP_RUN_FOLDERS", "1"}});
  EXPECT_EQ(finish(), 0);
  EXPECT_TRUE(fs::exists(folder() / ".muster/state.json"));
  EXPECT_TRUE(fs::exists(folder() / ".muster/kept"));
}

TEST_F(RunnerTest, AnAttemptThatIsNotWantedEndsWithoutStarting) {
  server_.order = nullptr;  // an answer that is no work order
  start();
  EXPECT_EQ(finish(), 1);
  EXPECT_THAT(runner_log(), HasSubstr("could not check in"));
}

/// The limit of the group that the runner will take over as it is; "" where the kernel does not count for it.
fs::path memory_limit_of_group() {
  const auto group = process::ProcessGroup::create(test::fake_group()).value();
  for (const fs::path& folder : group.cgroups()) {
    for (const char* name : {"memory.max", "memory.limit_in_bytes"}) {
      if (fs::exists(folder / name)) return folder / name;
    }
  }
  return {};
}

TEST_F(RunnerTest, SaysOutOfMemoryWhereTheKernelSaysIt) {
  const fs::path limit = memory_limit_of_group();
  if (!limit.empty()) std::ofstream(limit) << (64 << 20);
  // Without a limit to run into it ends as if the kernel had ended it, of which nobody has told.
  script(limit.empty() ? "import os\nos.kill(os.getpid(), 9)\n" : "b = bytearray(512 << 20)\n");
  run();
  ASSERT_EQ(server_.arrived().failed.size(), 1U);
  EXPECT_EQ(server_.arrived().failed[0]["signal"], "SIGKILL");
  EXPECT_EQ(server_.arrived().failed[0]["out_of_memory"], !limit.empty()) << server_.arrived().failed[0];
}

TEST_F(RunnerTest, AWorkerThatRanOutOfMemoryIsAWarning) {
  const fs::path limit = memory_limit_of_group();
  if (!limit.empty()) std::ofstream(limit) << (64 << 20);
  const std::string worker = limit.empty() ? "import os; os.kill(os.getpid(), 9)" : "b = bytearray(512 << 20)";
  script("import subprocess, sys\nworker = subprocess.run([sys.executable, '-c', '" + worker +
         "'])\nraise RuntimeError('a worker ended with %d' % worker.returncode)\n");
  run();
  ASSERT_EQ(server_.arrived().failed.size(), 1U);
  EXPECT_EQ(server_.arrived().failed[0]["out_of_memory"], false) << "an exception of its own ended the rank";
  EXPECT_EQ(server_.arrived().failed[0]["exception"]["message"], "a worker ended with -9");
  const std::string told = dump_json(server_.arrived().done);
  EXPECT_EQ(told.find("out of memory on node 0: the kernel ended 1 process of this run there") != std::string::npos, !limit.empty())
      << told;
}

}  // namespace

/// The part of a runner, in a process of its own.
int play(const char* part) {
  const Json told = parse_json(part).value();
  RunnerOptions options;
  options.run_id = test::fake_run_id();
  options.scratch = told["scratch"].get<std::string>();
  options.node_key = "0";
  options.node_count = told["nodes"];
  options.url = told["url"];
  options.token = "run-token";
  options.proof_key = test::kProofKey;
  options.salvage = told["salvage"];
  if (std::getenv(kFewThreads) != nullptr) leave_no_room_for_threads(::getpid());
  ::unsetenv(kPart);
  return run_runner(options);
}

}  // namespace muster::runner

int main(int argc, char** argv) {
  if (const char* part = std::getenv("MUSTER_TEST_RUNNER")) return muster::runner::play(part);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
