// The small resources: what each remembers, and what it refuses.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "store/compute_targets.h"
#include "store/environments.h"
#include "store/experiments.h"
#include "store/idempotency.h"
#include "store/snapshots.h"
#include "store/workspaces.h"
#include "support/test_store.h"

namespace muster::store {
namespace {

using test::TestStore;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Workspaces, AreMadeOnceWithATargetLocal) {
  TestStore test;
  model::Workspace wanted;
  wanted.name = "lab";
  wanted.created_at = 5;
  wanted.created_by = "ada";
  wanted.tags = {{"k", "v"}};
  const auto made = test.write([&](Session& session) { return workspaces::create(session, wanted); });
  test.read([&](Session& session) {
    const auto found = workspaces::find(session, made.key).value();
    EXPECT_EQ(found.name, "lab");
    EXPECT_EQ(found.id.size(), 32u);
    EXPECT_EQ(found.tags, wanted.tags);
    EXPECT_EQ(workspaces::find(session, "lab")->key, made.key);
    EXPECT_FALSE(workspaces::find(session, "none"));
    EXPECT_EQ(compute_targets::find(session, made.key, "local")->workspace, "lab");
    const auto first = test::must(workspaces::list(session, {"", 1}));
    EXPECT_EQ(first.items.at(0).name, "lab");
    EXPECT_EQ(test::must(workspaces::list(session, {*first.next, 1})).items.at(0).name, "default");
  });
  EXPECT_EQ(test.store().write([&](Session& session) { return workspaces::create(session, wanted); }).error().code, Code::conflict);
}

TEST(Experiments, AreGotOrMade) {
  TestStore test;
  const auto ensure = [&](std::int64_t workspace_key) {
    return test.write([&](Session& session) { return experiments::ensure(session, workspace_key, "birds", 7, "ada", {{"k", "v"}}); });
  };
  const auto made = ensure(test.workspace_key());
  EXPECT_TRUE(made.created);
  EXPECT_EQ(made.experiment.run_count, 0);
  const auto again = ensure(test.workspace_key());
  EXPECT_FALSE(again.created);
  EXPECT_EQ(to_json(again.experiment), to_json(made.experiment));

  model::Workspace other;
  other.name = "other";
  const std::int64_t other_key = test.write([&](Session& session) { return workspaces::create(session, other); }).key;
  EXPECT_TRUE(ensure(other_key).created) << "each workspace has its own";

  test.write([&](Session& session) { experiments::set_tags(session, made.experiment.key, {{"k", std::nullopt}, {"n", "1"}}); });
  test.read([&](Session& session) {
    const auto page = test::must(experiments::list(session, test.workspace_key(), {}));
    ASSERT_EQ(page.items.size(), 1u);
    EXPECT_THAT(page.items[0].tags, ElementsAre(std::pair("n", "1")));
  });
}

TEST(Snapshots, KeepTheirFiles) {
  TestStore test;
  model::Snapshot snapshot;
  for (const char* path : {"a b.py", "new\nline", "ü/x"}) snapshot.files.push_back({path, 1ULL << 40, std::string(64, 'a'), 0755});
  snapshot.snapshot_id = model::snapshot_id(snapshot.files);
  snapshot.file_count = 3;
  snapshot.size = 3ULL << 40;
  snapshot.created_at = 4;
  snapshot.created_by = "ada";
  const auto ensure = [&] {
    const std::string manifest = snapshots::manifest_of(snapshot);
    return test.write([&](Session& session) { return snapshots::ensure(session, test.workspace_key(), snapshot, manifest); });
  };
  EXPECT_TRUE(ensure());
  EXPECT_FALSE(ensure());
  test.read([&](Session& session) {
    const auto found = snapshots::find_with_files(session, test.workspace_key(), snapshot.snapshot_id).value();
    EXPECT_EQ(found.files, snapshot.files);
    EXPECT_EQ(found.size, snapshot.size);
    EXPECT_EQ(found.created_by, "ada");
    EXPECT_TRUE(snapshots::find(session, test.workspace_key(), snapshot.snapshot_id)->files.empty());
    EXPECT_FALSE(snapshots::find(session, test.workspace_key() + 1, snapshot.snapshot_id));
  });
}

TEST(Environments, GetANewVersionOnlyForNewContent) {
  TestStore test;
  model::EnvironmentDefinition definition;
  definition.name = "torch";
  definition.pip_packages = {"torch==2.0"};
  const auto ensure = [&] {
    return test.write([&](Session& session) { return environments::ensure(session, test.workspace_key(), definition, 3, "ada"); });
  };
  const auto first = ensure();
  EXPECT_TRUE(first.created);
  EXPECT_EQ(first.record.definition.version, "1");
  definition.version = "77";
  EXPECT_FALSE(ensure().created);
  definition.pip_packages.push_back("pillow");
  const auto second = ensure();
  EXPECT_TRUE(second.created);
  EXPECT_EQ(second.record.definition.version, "2");
  EXPECT_NE(second.record.hash, first.record.hash);
  definition.name = "other";
  EXPECT_EQ(ensure().record.hash, second.record.hash) << "the name is no content";

  test.read([&](Session& session) {
    const auto find = [&](std::string_view name, std::optional<std::string_view> version) {
      return environments::find(session, test.workspace_key(), name, version);
    };
    EXPECT_EQ(find("torch", std::nullopt)->definition.version, "2");
    EXPECT_THAT(find("torch", "1")->definition.pip_packages, ElementsAre("torch==2.0"));
    EXPECT_FALSE(find("torch", "3"));
    EXPECT_FALSE(find("torch", "one"));
    EXPECT_FALSE(find("none", std::nullopt));
    EXPECT_EQ(test::must(environments::list(session, test.workspace_key(), {})).items.size(), 3u);
  });
}

TEST(ComputeTargets, AreMadeChangedAndRemoved) {
  TestStore test;
  model::ComputeTarget wanted;
  wanted.name = "gpu-cluster";
  wanted.vm_size = "STANDARD_NC6";
  wanted.vm_priority = "lowpriority";
  wanted.max_nodes = 4;
  wanted.engine = "grid";
  wanted.tags = {{"k", "v"}};
  const auto create = [&] {
    return test.store().write([&](Session& session) { return compute_targets::create(session, test.workspace_key(), wanted); });
  };
  auto made = create().value();
  EXPECT_EQ(create().error().code, Code::conflict);
  made.max_nodes = 8;
  made.min_nodes = 1;
  made.engine_options = {{"partition", "cpu"}};
  test.write([&](Session& session) { compute_targets::update(session, made); });
  test.read([&](Session& session) {
    EXPECT_EQ(to_json(compute_targets::find(session, test.workspace_key(), "gpu-cluster").value()), to_json(made));
    EXPECT_EQ(compute_targets::all(session).size(), 2u);
    EXPECT_EQ(test::must(compute_targets::list(session, test.workspace_key(), {})).items.at(0).name, "gpu-cluster");
  });

  const auto remove = [&](std::string_view name) {
    return test.store().write([&](Session& session) { return compute_targets::remove(session, test.workspace_key(), name); });
  };
  model::Run run = test.new_run();
  run.spec.compute_target = "gpu-cluster";
  run.key = test.add(run);
  EXPECT_THAT(remove("gpu-cluster").error().detail, HasSubstr("1 run still uses"));
  run.status = model::RunStatus::completed;
  test.write([&](Session& session) { return runs::update_state(session, run); });
  EXPECT_TRUE(remove("gpu-cluster"));
  EXPECT_EQ(remove("gpu-cluster").error().code, Code::not_found);
  EXPECT_EQ(remove("local").error().code, Code::conflict);
}

TEST(Idempotency, GivesTheFirstAnswerAgain) {
  TestStore test;
  const idempotency::Request request{test.workspace_key(), "POST /runs", "key-1", "hash"};
  const auto find = [&](const idempotency::Request& asked) {
    return test.store().read([&](Session& session) { return idempotency::find(session, asked); });
  };
  EXPECT_FALSE(find(request).value());
  test.write([&](Session& session) { idempotency::remember(session, request, {201, "{\"a\":1}"}, 1000); });
  EXPECT_EQ(find(request).value()->status, 201);
  EXPECT_EQ(find(request).value()->body, "{\"a\":1}");
  auto other = request;
  other.body_hash = "another";
  EXPECT_EQ(find(other).error().code, Code::conflict);
  other.route = "POST /experiments";
  EXPECT_FALSE(find(other).value());
  EXPECT_EQ(test.write([](Session& session) { return idempotency::purge(session, 1000); }), 0);
  EXPECT_EQ(test.write([](Session& session) { return idempotency::purge(session, 1001); }), 1);
  EXPECT_FALSE(find(request).value());
}

}  // namespace
}  // namespace muster::store
