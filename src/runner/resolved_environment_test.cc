#include "runner/resolved_environment.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

namespace fs = std::filesystem;

class ResolvedEnvironmentTest : public ::testing::Test {
 protected:
  Json resolve(const std::string& interpreter) {
    ResolvedEnvironment environment(interpreter,
                                    {{"PATH", "/usr/bin:/bin"}, {"HOME", folder_.path().string()}, {"PYTHONPATH", packages().string()}},
                                    folder_ / "cache");
    return environment.take();
  }
  fs::path packages() const { return folder_ / "packages"; }
  void install(const std::string& name, const std::string& version) {
    const fs::path info = packages() / (name + "-" + version + ".dist-info");
    ASSERT_TRUE(make_folders(info));
    ASSERT_TRUE(write_file(info / "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n", 0644, Durable::no));
  }
  test::TempFolder folder_;
};

TEST_F(ResolvedEnvironmentTest, ListsWhatTheInterpreterSees) {
  install("birds", "1.5");
  const Json answer = resolve("/usr/bin/python3");
  EXPECT_EQ(answer.at("packages").at("birds"), "1.5") << dump_json(answer);
  EXPECT_TRUE(answer.at("python_version").get<std::string>().starts_with("3."));
  EXPECT_FALSE(answer.contains("folders"));
}

TEST_F(ResolvedEnvironmentTest, RemembersUntilAPackageComesOrGoes) {
  install("birds", "1.5");
  resolve("/usr/bin/python3");
  // What is remembered is told: a mark in it shows that nobody was asked.
  const fs::path file = fs::directory_iterator(folder_ / "cache")->path();
  Json remembered = parse_json(read_file(file).value()).value();
  remembered["mark"] = true;
  ASSERT_TRUE(write_file(file, dump_json(remembered), 0644, Durable::no));
  EXPECT_TRUE(resolve("/usr/bin/python3").contains("mark"));
  install("digits", "2.0");
  const Json answer = resolve("/usr/bin/python3");
  EXPECT_FALSE(answer.contains("mark"));
  EXPECT_EQ(answer.at("packages").at("digits"), "2.0");
}

TEST_F(ResolvedEnvironmentTest, SaysWhenTheInterpreterCannotTell) {
  EXPECT_TRUE(resolve("/no/such/python").contains("error"));
  EXPECT_TRUE(resolve("/bin/false").contains("error"));
  EXPECT_TRUE(resolve("/bin/true").contains("error"));
  EXPECT_FALSE(fs::exists(folder_ / "cache"));
}

TEST_F(ResolvedEnvironmentTest, ADamagedMemoryIsNotBelieved) {
  EXPECT_FALSE(still_holds(Json::object()));
  EXPECT_FALSE(still_holds({{"folders", Json::object()}}));
  EXPECT_FALSE(still_holds({{"folders", {{"/", "yesterday"}}}}));
  EXPECT_FALSE(still_holds({{"folders", {{"/no/such", 5}}}}));
}

}  // namespace
}  // namespace muster::runner
