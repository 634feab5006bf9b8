#include "store/models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/test_store.h"

namespace muster::store::models {
namespace {

using model::ModelVersion;
using test::TestStore;
using testing::ElementsAre;

class Models : public testing::Test {
 protected:
  ModelVersion add(const std::string& name, const std::map<std::string, std::string>& tags = {}) {
    ModelVersion version;
    version.name = name;
    version.run_id = "run-of-" + name;
    version.experiment = "birds";
    version.description = "d";
    version.framework = "PyTorch";
    version.framework_version = "2.0";
    version.tags = tags;
    version.properties = {{"p", "1"}};
    version.created_at = 4;
    version.created_by = "ada";
    version.files = {{"model.pt", 10, std::string(64, 'a')}, {"x/y", 5, std::string(64, 'b')}};
    return test_.write([&](Session& session) { return insert(session, test_.workspace_key(), version); });
  }
  std::optional<ModelVersion> get(std::string_view name, std::int64_t version) {
    return test_.read([&](Session& session) { return find(session, test_.workspace_key(), name, version); });
  }
  std::vector<std::string> names(const Filter& filter) {
    std::vector<std::string> all;
    PageRequest request{"", 2};
    do {
      const auto page = test_.read([&](Session& session) { return list(session, test_.workspace_key(), filter, request); });
      for (const ModelVersion& version : page.items) all.push_back(fmt::format("{}:{}", version.name, version.version));
      request.cursor = page.next.value_or("");
    } while (!request.cursor.empty());
    return all;
  }
  Result<void> drop(std::string_view name, std::int64_t version) {
    return test_.store().write([&](Session& session) { return remove(session, test_.workspace_key(), name, version); });
  }

  TestStore test_;
};

TEST_F(Models, AreReadAsTheyWereRegistered) {
  const ModelVersion made = add("birds", {{"k", "v"}});
  EXPECT_EQ(made.version, 1);
  EXPECT_EQ(made.size, 15u);
  EXPECT_EQ(to_json(get("birds", 1).value()), to_json(made));
  EXPECT_FALSE(get("birds", 2));
  EXPECT_FALSE(get("bees", 1));
}

TEST_F(Models, ANumberIsNeverGivenTwice) {
  add("birds");
  EXPECT_EQ(add("birds").version, 2);
  ASSERT_TRUE(drop("birds", 2));
  EXPECT_EQ(add("birds").version, 3);
  ASSERT_TRUE(drop("birds", 1));
  ASSERT_TRUE(drop("birds", 3));
  EXPECT_EQ(drop("birds", 3).error().code, Code::not_found);
  EXPECT_FALSE(test_.read([&](Session& session) { return find_latest(session, test_.workspace_key(), "birds").has_value(); }));
  EXPECT_EQ(add("birds").version, 4);
}

TEST_F(Models, AreListedNewestFirstByFilter) {
  add("birds", {{"a", "1"}});
  add("bees", {{"a", "2"}});
  add("birds", {{"b", "1"}});
  Filter filter;
  EXPECT_THAT(names(filter), ElementsAre("birds:2", "bees:1", "birds:1"));
  filter.latest_only = true;
  EXPECT_THAT(names(filter), ElementsAre("birds:2", "bees:1"));
  filter = {};
  filter.name = "birds";
  EXPECT_THAT(names(filter), ElementsAre("birds:2", "birds:1"));
  filter = {};
  filter.run_id = "run-of-bees";
  EXPECT_THAT(names(filter), ElementsAre("bees:1"));
  filter = {};
  filter.tag = "a";
  EXPECT_THAT(names(filter), ElementsAre("bees:1", "birds:1"));
  filter.tag_value = "1";
  EXPECT_THAT(names(filter), ElementsAre("birds:1"));
  ASSERT_TRUE(drop("birds", 2));
  filter = {};
  filter.latest_only = true;
  EXPECT_THAT(names(filter), ElementsAre("bees:1", "birds:1"));
}

TEST_F(Models, TagsAndDescriptionChangePropertiesDoNot) {
  const std::int64_t key = add("birds", {{"a", "1"}}).key;
  test_.write([&](Session& session) {
    set_tags(session, key, {{"a", std::nullopt}, {"b", "2"}});
    set_description(session, key, "better");
    EXPECT_TRUE(set_properties(session, key, {{"q", "2"}}));
    EXPECT_EQ(set_properties(session, key, {{"p", "2"}}).error().code, Code::conflict);
  });
  const ModelVersion found = get("birds", 1).value();
  EXPECT_THAT(found.tags, ElementsAre(std::pair("b", "2")));
  EXPECT_THAT(found.properties, ElementsAre(std::pair("p", "1"), std::pair("q", "2")));
  EXPECT_EQ(found.description, "better");
}

}  // namespace
}  // namespace muster::store::models
