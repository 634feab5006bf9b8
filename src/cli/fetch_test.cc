#include "cli/fetch.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/hash.h"
#include "support/fake_http_server.h"
#include "support/temp_folder.h"

namespace muster::cli {
namespace {

using test::FakeAnswer;
using test::FakeHttpServer;
using test::FakeRequest;

class FetchTest : public testing::Test {
 protected:
  FetchTest() {
    client::ApiOptions options;
    options.address = {server_.url(), "t", "default"};
    api_ = *client::Api::create(std::move(options));
    context_.json = true;
  }
  Fetch fetch(const std::string& name, const std::string& sha256 = sha256_hex("bytes")) {
    return {"/" + name, name, 5, sha256, folder_ / name};
  }
  std::vector<std::string> left() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
    return names;
  }

  FakeHttpServer server_{[](const FakeRequest&) {
    FakeAnswer answer;
    answer.body = "bytes";
    return answer;
  }};
  test::TempFolder folder_;
  Context context_;
  std::shared_ptr<client::Api> api_;
};

TEST_F(FetchTest, BringsFilesIntoFoldersThatWereNotThere) {
  ASSERT_TRUE(fetch_files(context_, *api_, {fetch("outputs/deep/a")}, Overwrite::no));
  EXPECT_EQ(*read_file(folder_ / "outputs/deep/a"), "bytes");
}

TEST_F(FetchTest, RefusesAllWhenOneIsThere) {
  ASSERT_TRUE(write_file(folder_ / "b", "mine", 0644, Durable::no));
  const auto fetched = fetch_files(context_, *api_, {fetch("a"), fetch("b")}, Overwrite::no);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, Code::conflict);
  EXPECT_NE(fetched.error().hint.find("--overwrite"), std::string::npos);
  EXPECT_EQ(*read_file(folder_ / "b"), "mine");
  EXPECT_EQ(left(), std::vector<std::string>{"b"});
  ASSERT_TRUE(fetch_files(context_, *api_, {fetch("a"), fetch("b")}, Overwrite::yes));
  EXPECT_EQ(*read_file(folder_ / "b"), "bytes");
}

TEST_F(FetchTest, WhatArrivesDamagedIsNotKept) {
  const auto fetched = fetch_files(context_, *api_, {fetch("a", sha256_hex("other"))}, Overwrite::no);
  ASSERT_FALSE(fetched);
  EXPECT_EQ(fetched.error().code, Code::internal);
  EXPECT_TRUE(left().empty());
}

TEST_F(FetchTest, APathOutOfTheFolderIsRefused) {
  EXPECT_FALSE(target_below(folder_.path(), "../x"));
  EXPECT_FALSE(target_below(folder_.path(), "/etc/passwd"));
  EXPECT_EQ(*target_below(folder_.path(), "outputs/x"), folder_ / "outputs/x");
}

}  // namespace
}  // namespace muster::cli
