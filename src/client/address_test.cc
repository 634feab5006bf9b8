#include "client/address.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/id.h"
#include "client/credentials.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;

class AddressTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(root_ / "home");
    fs::create_directories(root_ / "project" / "deep");
    hints_.folder = root_ / "project" / "deep";
    hints_.variables["MUSTER_HOME"] = (root_ / "home").string();
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const fs::path& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    ASSERT_TRUE(write_file(root_ / path, text, 0644, Durable::no));
  }

  fs::path root_ = fs::temp_directory_path() / ("muster-address-" + random_hex(6));
  AddressHints hints_;
};

TEST_F(AddressTest, NothingKnownSaysHowToStart) {
  const auto address = find_address(hints_);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().code, Code::unavailable);
  EXPECT_NE(address.error().hint.find("muster up"), std::string::npos);
}

TEST_F(AddressTest, EachPlaceYieldsToTheOneBeforeIt) {
  for (const char* url : {"http://server:1", "http://config:2", "http://variable:3", "http://told:4"})
    ASSERT_TRUE(store_token(root_ / "home", url, "t"));
  write("home/server.json", R"({"url": "http://server:1"})");
  EXPECT_EQ(find_address(hints_)->url, "http://server:1");
  EXPECT_EQ(find_address(hints_)->workspace, "default");
  write("project/config.json",
        R"({"subscription_id": "muster", "resource_group": "muster", "workspace_name": "birds", "muster_url": "http://config:2/"})");
  EXPECT_EQ(find_address(hints_)->url, "http://config:2");
  EXPECT_EQ(find_address(hints_)->workspace, "birds");
  hints_.variables["MUSTER_URL"] = "http://variable:3";
  EXPECT_EQ(find_address(hints_)->url, "http://variable:3");
  EXPECT_EQ(find_address(hints_)->workspace, "birds");
  hints_.server = "http://told:4";
  hints_.workspace = "mine";
  EXPECT_EQ(find_address(hints_)->url, "http://told:4");
  EXPECT_EQ(find_address(hints_)->workspace, "mine");
}

TEST_F(AddressTest, FindsAzuresConfigurationUpwards) {
  hints_.variables["MUSTER_TOKEN"] = "t";
  write("home/server.json", R"({"url": "http://server:1"})");
  write("project/.azureml/config.json", R"({"Scope": "/subscriptions/S/resourceGroups/G/providers/X/workspaces/scoped"})");
  EXPECT_EQ(find_address(hints_)->workspace, "scoped");
  EXPECT_EQ(find_address(hints_)->url, "http://server:1");
  write("project/deep/config.json", R"({"port": 8080})");  // somebody else's
  EXPECT_EQ(find_address(hints_)->workspace, "scoped");
}

TEST_F(AddressTest, ATokenFromTheVariableComesFirst) {
  hints_.server = "http://a:1";
  ASSERT_TRUE(store_token(root_ / "home", "http://A:1/", "kept"));
  EXPECT_EQ(find_address(hints_)->token, "kept");
  hints_.variables["MUSTER_TOKEN"] = "given";
  EXPECT_EQ(find_address(hints_)->token, "given");
}

TEST_F(AddressTest, NoTokenSaysHowToGetOne) {
  hints_.server = "http://a:1";
  const auto address = find_address(hints_);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().code, Code::unauthorized);
  EXPECT_NE(address.error().hint.find("muster login http://a:1"), std::string::npos);
}

TEST_F(AddressTest, InsideARunNobodyIsToldToLogInOrToStartAServer) {
  hints_.variables["MUSTER_RUN_ID"] = "birds_1";
  auto address = find_address(hints_);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().hint.find("muster up"), std::string::npos) << address.error().hint;
  EXPECT_NE(address.error().hint.find("MUSTER_URL"), std::string::npos) << address.error().hint;
  hints_.server = "http://a:1";
  address = find_address(hints_);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().hint.find("muster login"), std::string::npos) << address.error().hint;
  EXPECT_NE(address.error().hint.find("MUSTER_RUN_TOKEN"), std::string::npos) << address.error().hint;
}

TEST_F(AddressTest, WhereARefusedTokenCameFromIsSaid) {
  hints_.server = "http://a:1";
  hints_.variables["MUSTER_RUN_TOKEN"] = "of-the-run";
  EXPECT_EQ(find_address(hints_)->token_hint, "the token came from MUSTER_RUN_TOKEN");
  ASSERT_TRUE(store_token(root_ / "home", "http://a:1", "kept"));
  EXPECT_EQ(find_address(hints_)->token_hint,
            "the token came from " + (root_ / "home/credentials").string() + "; `muster login http://a:1` replaces it");
  hints_.variables["MUSTER_TOKEN"] = "given";
  EXPECT_EQ(find_address(hints_)->token_hint, "the token came from MUSTER_TOKEN; `muster login http://a:1` stores one, used without it");
  hints_.variables["MUSTER_RUN_ID"] = "birds_1";
  EXPECT_EQ(find_address(hints_)->token_hint, "the token came from MUSTER_TOKEN; without that variable the run's own is used");
  hints_.variables.erase("MUSTER_TOKEN");
  EXPECT_EQ(find_address(hints_)->token_hint.find("muster login"), std::string::npos);
}

TEST_F(AddressTest, ATokenThatWouldBreakTheHeaderIsRefused) {
  hints_.server = "http://a:1";
  hints_.variables["MUSTER_TOKEN"] = "a\r\nX: y";
  EXPECT_EQ(find_address(hints_).error().code, Code::unauthorized);
}

TEST_F(AddressTest, DamagedFilesAreNamed) {
  write("home/server.json", "{");
  const auto address = find_address(hints_);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error().code, Code::invalid);
  EXPECT_NE(address.error().detail.find("server.json"), std::string::npos);
}

TEST_F(AddressTest, AConfigurationThatIsBeingWrittenNamesNothing) {
  ASSERT_TRUE(store_token(root_ / "home", "http://variable:3", "t"));
  hints_.variables["MUSTER_URL"] = "http://variable:3";
  write("project/config.json", "");
  const auto address = find_address(hints_);
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(address->url, "http://variable:3");
}

TEST_F(AddressTest, ABrokenConfigurationIsNotPassedOver) {
  hints_.variables["MUSTER_TOKEN"] = "t";
  write("home/server.json", R"({"url": "http://server:1"})");
  for (const char* text : {"{bad", R"({"muster_url": 5})", R"({"workspace_name": "birds", "muster_url": 5})",
                           R"({"workspace_name": ["birds"]})", R"({"muster_url": "http://a:1"})", "[]"}) {
    write("project/config.json", text);
    const auto address = find_address(hints_);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, Code::invalid) << text;
    EXPECT_NE(address.error().detail.find("project/config.json"), std::string::npos) << address.error().detail;
  }
  write("project/config.json", R"({"workspace_name": "birds", "muster_url": null})");
  EXPECT_EQ(find_address(hints_)->url, "http://server:1");
}

TEST_F(AddressTest, OneServerHasOneEntryUnderAnySpelling) {
  write("home/credentials",
        R"({"other": 1, "servers": {"http://A": {"token": "old", "fingerprint": "SHA256:)" + std::string(64, 'a') + R"("}}})");
  EXPECT_EQ(**stored_token(root_ / "home", "http://a:80"), "old");
  ASSERT_TRUE(store_token(root_ / "home", "http://a/", "new"));
  EXPECT_EQ(**stored_token(root_ / "home", "http://A"), "new");
  EXPECT_EQ(*stored_fingerprint(root_ / "home", "http://a"), std::string(64, 'a')) << "it was not spoken of";
  ASSERT_TRUE(store_token(root_ / "home", "http://a", "new", ""));
  EXPECT_EQ(*stored_fingerprint(root_ / "home", "http://a"), "");
  EXPECT_NE(read_file(root_ / "home/credentials")->find("\"other\""), std::string::npos);
}

TEST_F(AddressTest, CredentialsThatCannotBeReadAreNotWrittenOver) {
  for (const std::string text : {R"({"servers": {"http://a:1": {"tok)", R"({"servers": []})", "[]"}) {
    write("home/credentials", text);
    const auto stored = store_token(root_ / "home", "http://b:1", "t");
    ASSERT_FALSE(stored) << text;
    EXPECT_NE(stored.error().detail.find("credentials"), std::string::npos) << stored.error().detail;
    EXPECT_EQ(*read_file(root_ / "home/credentials"), text);
  }
}

TEST_F(AddressTest, CredentialsAreKeptForTheOwnerAlone) {
  const fs::path home = root_ / "other" / "home";
  ASSERT_TRUE(store_token(home, "http://a:1", "one"));
  ASSERT_TRUE(store_token(home, "http://b:1", "two"));
  ASSERT_TRUE(store_token(home, "http://a:1", "three"));
  EXPECT_EQ(**stored_token(home, "http://a:1"), "three");
  EXPECT_EQ(**stored_token(home, "http://b:1/"), "two");
  EXPECT_FALSE(*stored_token(home, "http://c:1"));
  struct stat status {};
  ASSERT_EQ(::stat((home / "credentials").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace muster::client
