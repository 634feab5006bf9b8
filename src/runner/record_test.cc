// What a runner has for its server when the server, the disk or a file misbehaves: the run folder is the only copy until all of it is
// recorded.
#include <fstream>

#include <nlohmann/json.hpp>

#include "runner/runner_fixture.h"

namespace muster::runner {
namespace {

class RecordTest : public RunnerTest {
 protected:
  bool is_kept() const { return fs::exists(folder() / ".muster/kept"); }
  std::string output(const std::string& name) const {
    const auto arrived = server_.arrived();
    const auto hash = arrived.outputs.find("outputs/" + name);
    return hash == arrived.outputs.end() ? "(not recorded)" : arrived.blobs.at(hash->second);
  }
  std::string warnings() const { return dump_json(server_.arrived().done["warnings"]); }
};

TEST_F(RecordTest, ABrokenDiskOfTheServerIsWaitedFor) {
  command("echo weights > outputs/model");
  server_.refuse("blobs", 500, "storage_failed", 3);
  server_.refuse("outputs", 500, "storage_failed", 2);
  server_.refuse("finished", 500, "storage_failed", 2);
  server_.refuse("done", 500, "storage_failed", 3);
  run();
  EXPECT_EQ(output("model"), "weights\n");
  EXPECT_FALSE(server_.arrived().done.contains("not_kept")) << server_.arrived().done;
  EXPECT_EQ(server_.arrived().refused["done"], 3);
  EXPECT_FALSE(fs::exists(folder())) << "everything is with the server";
}

TEST_F(RecordTest, WhatWaitsForABrokenDiskIsSaidWithItsWords) {
  command("echo weights > outputs/model");
  server_.refuse("blobs", 500, "storage_failed", 1'000'000);
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) { return !arrived.last_wait.is_null(); }));
  EXPECT_EQ(server_.arrived().last_wait,
            (Json{{"what", "8 bytes of outputs"}, {"code", "storage_failed"}, {"detail", "the test says so"}}));
  EXPECT_TRUE(server_.arrived().ran_seconds.is_number()) << "said from the start of the ranks on";
  server_.refuse("blobs", 500, "", 0);
  EXPECT_EQ(finish(), 0);
  EXPECT_EQ(output("model"), "weights\n");
}

TEST_F(RecordTest, ALastWordThatCannotBeStoredIsNotDropped) {
  command("echo weights > outputs/model");
  server_.refuse("done", 500, "internal", 4);
  run();
  EXPECT_FALSE(server_.arrived().done.is_null());
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(RecordTest, WhatTheServerRefusesFailsTheRunAndKeepsTheFolder) {
  command("echo weights > outputs/model");
  server_.refuse("outputs", 422, "invalid", 1'000'000);
  run();
  const Json lost = server_.arrived().done["not_kept"];
  EXPECT_EQ(lost["code"], "not_kept");
  EXPECT_THAT(lost["message"].get<std::string>(), HasSubstr("outputs/model"));
  EXPECT_THAT(lost["message"].get<std::string>(), HasSubstr(folder().string()));
  EXPECT_TRUE(is_kept());
  EXPECT_EQ(read_file(folder() / "outputs/model").value(), "weights\n");
}

TEST_F(RecordTest, ARefusedEndOfTheRanksIsNotPassedOver) {
  command("echo weights > outputs/model");
  server_.refuse("finished", 422, "invalid", 1'000'000);
  start();
  EXPECT_EQ(finish(), 1);
  EXPECT_TRUE(server_.arrived().done.is_null());
  EXPECT_TRUE(fs::exists(folder() / "outputs/model"));
}

TEST_F(RecordTest, ACanceledRunsOutputsStayWhereTheyAreToo) {
  command("echo weights > outputs/model; exec sleep 600");
  server_.refuse("blobs", 507, "disk_full", 1'000'000);
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) { return !arrived.started.is_null(); }));
  server_.set_stop("canceled", 1);
  EXPECT_EQ(finish(), 0);
  EXPECT_TRUE(is_kept());
  EXPECT_THAT(warnings(), HasSubstr(folder().string()));
}

TEST_F(RecordTest, AnOutputThatChangesIsReadAgain) {
  command("echo one > outputs/a; echo two > outputs/b");
  int asked = 0;
  server_.on_missing = [&] {
    if (asked++ == 0) std::ofstream(folder() / "outputs/a") << "longer than before";
  };
  run();
  EXPECT_EQ(output("a"), "longer than before");
  EXPECT_EQ(output("b"), "two\n");
  EXPECT_EQ(warnings(), "[]");
}

TEST_F(RecordTest, AnOutputThatDoesNotHoldStillCostsItself) {
  command("echo one > outputs/a; echo two > outputs/b");
  int asked = 0;
  server_.on_missing = [&] { std::ofstream(folder() / "outputs/a") << std::string(static_cast<std::size_t>(++asked), 'x'); };
  run();
  EXPECT_EQ(output("a"), "(not recorded)");
  EXPECT_EQ(output("b"), "two\n");
  EXPECT_THAT(warnings(), HasSubstr("outputs/a is not recorded: it changed while it was being sent"));
  EXPECT_FALSE(server_.arrived().done.contains("not_kept"));
  EXPECT_TRUE(is_kept());
}

TEST_F(RecordTest, AnOutputThatIsGoneCostsItself) {
  command("echo one > outputs/a; echo two > outputs/b");
  server_.on_missing = [&] { fs::remove(folder() / "outputs/a"); };
  run();
  EXPECT_EQ(output("a"), "(not recorded)");
  EXPECT_EQ(output("b"), "two\n");
  EXPECT_THAT(warnings(), HasSubstr("outputs/a is not recorded"));
}

/// Whatever lies in the metrics folder, the runner ends by itself, and its own log stays small.
class UnreadableJournal : public RecordTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(UnreadableJournal, CostsItself) {
  script(std::string("import os\nfrom muster import Run\nrun = Run.get_context()\nrun.log('loss', 0.5)\n"
                     "bad = os.path.join(os.environ['MUSTER_METRICS_DIR'], 'x.000000.journal')\n") +
         GetParam());
  run();
  ASSERT_EQ(server_.arrived().points.size(), 1U);
  EXPECT_EQ(server_.arrived().points.begin()->second, (std::vector<double>{0.5}));
  EXPECT_THAT(warnings(), HasSubstr("x.000000.journal"));
  EXPECT_LT(runner_log().size(), 20'000U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, UnreadableJournal,
                         ::testing::Values("os.symlink('/nowhere', bad)", "os.mkdir(bad)", "os.mkfifo(bad)",
                                           "open(bad, 'wb').write(b'no journal')", "os.symlink('/dev/zero', bad)"));

TEST_F(RecordTest, AMetricsFolderThatCannotBeListedIsSaidAndLeftBehind) {
  // No folder any more, as one that the disk cannot read.
  command("rm -r $MUSTER_METRICS_DIR && echo no folder > $MUSTER_METRICS_DIR");
  run();
  EXPECT_THAT(warnings(), HasSubstr("metrics: list the folder"));
  EXPECT_THAT(warnings(), HasSubstr("what is not recorded is left on node 0 in " + folder().string()));
  EXPECT_TRUE(is_kept());
}

TEST_F(RecordTest, AMetricsFolderThatIsGoneHadNothing) {
  command("rm -r $MUSTER_METRICS_DIR");
  run();
  EXPECT_EQ(warnings(), "[]");
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(RecordTest, AnUnreadableJournalCostsItselfInASalvageToo) {
  script(
      "import os, time\nfrom muster import Run\nrun = Run.get_context()\nrun.log('loss', 0.5)\n"
      "os.symlink('/nowhere', os.path.join(os.environ['MUSTER_METRICS_DIR'], 'x.000000.journal'))\nprint('up', "
      "flush=True)\ntime.sleep(600)\n");
  start();
  ASSERT_TRUE(server_.wait_for([](const auto& arrived) {
    const auto log = arrived.logs.find("azureml-logs/70_driver_log.txt");
    return log != arrived.logs.end() && log->second == "up\n";
  }));
  ASSERT_TRUE(runner_->signal(SIGKILL));
  ASSERT_TRUE(runner_->wait(20s));
  start(true);
  EXPECT_EQ(finish(), 0);
  EXPECT_EQ(server_.arrived().points.begin()->second, (std::vector<double>{0.5}));
  EXPECT_THAT(warnings(), HasSubstr("x.000000.journal"));
  EXPECT_LT(runner_log().size(), 20'000U);
}

}  // namespace
}  // namespace muster::runner
