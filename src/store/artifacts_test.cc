#include "store/artifacts.h"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <nlohmann/json.hpp>

#include "support/test_store.h"

namespace muster::store::artifacts {
namespace {

using model::Artifact;
using test::TestStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Artifact artifact(std::string path, char content = 'a', int attempt = 1) {
  Artifact made;
  made.path = std::move(path);
  made.size = 5;
  made.sha256 = std::string(64, content);
  made.created_at = 3;
  made.created_by = "ada";
  made.attempt = attempt;
  return made;
}

class Artifacts : public testing::Test {
 protected:
  Result<Artifact> put_one(const Artifact& one) {
    return test_.store().write([&](Session& session) { return put(session, run_key_, one); });
  }
  std::vector<std::string> leave(int node_rank, const std::vector<Artifact>& files, int attempt = 1) {
    return test_.write([&](Session& session) { return put_outputs(session, run_key_, attempt, node_rank, files); });
  }
  /// "path=content" of everything the run shows.
  std::vector<std::string> shown(std::string_view prefix = "", int limit = 3) {
    std::vector<std::string> all;
    PageRequest request{"", limit};
    do {
      const auto page = test_.read([&](Session& session) { return list(session, run_key_, prefix, request); });
      for (const Artifact& one : page.items) all.push_back(one.path + "=" + one.sha256[0]);
      request.cursor = page.next.value_or("");
    } while (!request.cursor.empty());
    return all;
  }

  TestStore test_;
  std::int64_t run_key_ = test_.add_run();
};

TEST_F(Artifacts, AreFoundByPath) {
  ASSERT_TRUE(put_one(artifact("outputs/model.pt")));
  const auto found = test_.read([&](Session& session) { return find(session, run_key_, "outputs/model.pt").value(); });
  EXPECT_EQ(to_json(found), to_json(artifact("outputs/model.pt")));
  EXPECT_EQ(found.created_by, "ada");
  EXPECT_FALSE(test_.read([&](Session& session) { return find(session, run_key_, "outputs").has_value(); }));
}

TEST_F(Artifacts, AreWrittenOnce) {
  ASSERT_TRUE(put_one(artifact("a/b", 'a')));
  EXPECT_TRUE(put_one(artifact("a/b", 'a')));
  EXPECT_EQ(put_one(artifact("a/b", 'b')).error().code, Code::conflict);
  EXPECT_EQ(put_one(artifact("a")).error().code, Code::conflict);
  EXPECT_EQ(put_one(artifact("a/b/c")).error().code, Code::conflict);
  EXPECT_TRUE(put_one(artifact("a/bc")));
  EXPECT_TRUE(put_one(artifact("a-b")));
  EXPECT_THAT(shown(), ElementsAre("a-b=a", "a/b=a", "a/bc=a"));
}

TEST_F(Artifacts, AreListedByPrefixInPages) {
  for (const char* path : {"a", "b/1", "b/2", "b/3", "b/4", "bc", "c"}) ASSERT_TRUE(put_one(artifact(path)));
  EXPECT_THAT(shown("b/", 2), ElementsAre("b/1=a", "b/2=a", "b/3=a", "b/4=a"));
  EXPECT_THAT(shown("b", 100), ElementsAre("b/1=a", "b/2=a", "b/3=a", "b/4=a", "bc=a"));
  EXPECT_THAT(shown("x"), IsEmpty());
}

TEST_F(Artifacts, ARunShowsThoseOfItsLastAttempt) {
  ASSERT_TRUE(put_one(artifact("both", 'a', 1)));
  ASSERT_TRUE(put_one(artifact("early", 'a', 1)));
  ASSERT_TRUE(put_one(artifact("both", 'b', 2)));
  EXPECT_THAT(shown(), ElementsAre("both=b", "early=a"));
  EXPECT_EQ(test_.read([&](Session& session) { return find(session, run_key_, "both")->attempt; }), 2);
}

TEST_F(Artifacts, TheLowestNodeKeepsTheName) {
  EXPECT_THAT(leave(1, {artifact("outputs/x", 'b'), artifact("outputs/own", 'o')}), IsEmpty());
  EXPECT_THAT(leave(0, {artifact("outputs/x", 'a')}), ElementsAre(HasSubstr("node 1's is kept as `outputs/node_1/x`")));
  EXPECT_THAT(leave(2, {artifact("outputs/x", 'c')}), ElementsAre(HasSubstr("`outputs/node_2/x`")));
  EXPECT_THAT(shown(), ElementsAre("outputs/node_1/x=b", "outputs/node_2/x=c", "outputs/own=o", "outputs/x=a"));
}

TEST_F(Artifacts, OutputsMayBeToldAgain) {
  const std::vector<Artifact> files{artifact("outputs/x", 'b')};
  leave(1, files);
  leave(0, {artifact("outputs/x", 'a')});
  EXPECT_THAT(leave(1, files), IsEmpty());
  EXPECT_THAT(leave(0, {artifact("outputs/x", 'a')}), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("outputs/node_1/x=b", "outputs/x=a"));
}

TEST_F(Artifacts, TheSameContentOfTwoNodesIsOneArtifact) {
  leave(1, {artifact("outputs/x")});
  EXPECT_THAT(leave(0, {artifact("outputs/x")}), IsEmpty());
  EXPECT_THAT(shown(), ElementsAre("outputs/x=a"));
}

TEST_F(Artifacts, OutputsGiveWayToWhatWasUploadedByName) {
  ASSERT_TRUE(put_one(artifact("outputs/x", 'u')));
  EXPECT_EQ(leave(0, {artifact("outputs/x", 'a')}).size(), 1u);
  EXPECT_EQ(leave(1, {artifact("outputs/x/y", 'b')}).size(), 1u) << "a folder where another has a file";
  EXPECT_THAT(shown(), ElementsAre("outputs/node_0/x=a", "outputs/node_1/x/y=b", "outputs/x=u"));
}

TEST_F(Artifacts, WhateverTheOrderTheLowestNodeKeepsTheNameAndNothingIsLost) {
  EXPECT_TRUE(rc::check([&] {
    const std::int64_t run_key = test_.add_run();
    std::vector<int> order{0, 1, 2, 3};
    std::shuffle(order.begin(), order.end(), std::mt19937(*rc::gen::arbitrary<unsigned>()));
    for (const int node : order) {
      test_.write(
          [&](Session& session) { (void)put_outputs(session, run_key, 1, node, {artifact("outputs/x", static_cast<char>('a' + node))}); });
    }
    test_.read([&](Session& session) {
      RC_ASSERT(find(session, run_key, "outputs/x")->sha256[0] == 'a');
      for (int node = 1; node < 4; ++node)
        RC_ASSERT(find(session, run_key, fmt::format("outputs/node_{}/x", node))->sha256[0] == 'a' + node);
    });
  }));
}

TEST_F(Artifacts, ARunHasAsManyAsTheLimitSays) {
  ASSERT_TRUE(put_one(artifact("a")));
  ASSERT_TRUE(put_one(artifact("b")));
  const auto check = [&](std::int64_t most) {
    return test_.store().write([&](Session& session) { return check_count(session, run_key_, most); });
  };
  EXPECT_TRUE(check(2));
  const auto refused = check(1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::invalid);
  EXPECT_THAT(refused.error().detail, HasSubstr("a run may have at most 1 artifact, and would have"));
}

}  // namespace
}  // namespace muster::store::artifacts
