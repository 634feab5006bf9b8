#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;

constexpr const char* kPath = "azureml-logs/70_driver_log.txt";

struct LogSearchTest : testing::Test {
  Api api;
  const model::Run run = api.submit();
  test::ApiAnswer search(const std::string& query) { return api("GET", Api::in("/runs/" + run.run_id + "/log-search?" + query)); }
  void write(const std::string& text, int node_rank = 0) {
    ASSERT_TRUE(api.logs.append({run.uuid, 1, node_rank, kPath}, 0, text, 1, node_rank));
  }
};

TEST_F(LogSearchTest, FindsLinesWithTheirPlaces) {
  write("Epoch 1\nloss nan\nEpoch 2\n");
  const Json found = search(std::string("context=1&pattern=loss.*NaN&ignore_case=true&path=") + kPath).json();
  const Json expected{{"line", 2},    {"offset", 8},           {"parts", {"", "loss nan", ""}},
                      {"cut", false}, {"before", {"Epoch 1"}}, {"after", {"Epoch 2"}}};
  EXPECT_EQ(found["matches"], Json::array({expected}));
  EXPECT_EQ(found["next"], Json());
  EXPECT_EQ(found["searched"], 25);
  EXPECT_EQ(found["size"], 25);
}

TEST_F(LogSearchTest, GoesOnPageByPage) {
  write("a 1\na 2\na 3\n");
  const std::string query = std::string("literal=true&limit=2&pattern=a&path=") + kPath;
  const Json first = search(query).json();
  EXPECT_EQ(first["matches"].size(), 2u);
  const Json second = search(query + "&cursor=" + first["next"].get<std::string>()).json();
  ASSERT_EQ(second["matches"].size(), 1u);
  EXPECT_EQ(second["matches"][0]["line"], 3);
  EXPECT_EQ(second["matches"][0]["offset"], 8);
  EXPECT_EQ(second["next"], Json());
}

TEST_F(LogSearchTest, OfSeveralNodesTheOneThatIsAskedFor) {
  write("zero\n", 0);
  write("one\n", 1);
  EXPECT_EQ(search(std::string("pattern=one&path=") + kPath).json()["matches"].size(), 0u);
  EXPECT_EQ(search(std::string("pattern=one&node_rank=1&path=") + kPath).json()["matches"].size(), 1u);
}

TEST_F(LogSearchTest, RefusesWhatItCannotLookFor) {
  write("a\n");
  for (const char* query : {"path=x", "pattern=a", "path=x&pattern=(", "path=x&pattern=a&cursor=1", "path=x&pattern=a&cursor=1:2:-1",
                            "path=x&pattern=a&context=51"})
    EXPECT_EQ(search(query).code(), "invalid") << query;
  EXPECT_EQ(search("path=x&pattern=a").code(), "not_found");
  EXPECT_EQ(api("GET", Api::in("/runs/none/log-search?path=x&pattern=a")).code(), "not_found");
  EXPECT_EQ(search(std::string("pattern=a&cursor=999:9:9&path=") + kPath).json()["matches"].size(), 0u) << "past the end there is nothing";
}

}  // namespace
}  // namespace muster::api
