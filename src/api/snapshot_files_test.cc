#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/api.h"

namespace muster::api {
namespace {

using test::Api;
using testing::HasSubstr;

struct SnapshotFilesTest : testing::Test {
  Api api;
  const std::string before = api.put_snapshot({{"a.py", "print(1)"}, {"gone.py", "old"}, {"same.txt", "same"}});
  const std::string after = api.put_snapshot({{"a.py", "print(2)"}, {"new/b.py", "b"}, {"same.txt", "same"}});
  test::ApiAnswer changes(const std::string& query) { return api("GET", Api::in("/snapshots/" + after + "/changes" + query)); }
};

TEST_F(SnapshotFilesTest, AFileIsItsBytes) {
  const auto answer = api("GET", Api::in("/snapshots/" + after + "/files/new/b.py"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "b");
  for (const char* path : {"new", "b.py", "gone.py", "zzz"})
    EXPECT_EQ(api("GET", Api::in("/snapshots/" + after + "/files/" + path)).code(), "not_found") << path;
  EXPECT_EQ(api("GET", Api::in("/snapshots/" + std::string(64, 'a') + "/files/a.py")).code(), "not_found");
}

TEST_F(SnapshotFilesTest, ChangesAreFilesThatDifferByPath) {
  const Json found = changes("?from=" + before).json();
  ASSERT_EQ(found["changes"].size(), 3u);
  EXPECT_EQ(found["changes"][0]["path"], "a.py");
  EXPECT_EQ(found["changes"][0]["change"], "changed");
  EXPECT_EQ(found["changes"][0]["before"]["sha256"], sha256_hex("print(1)"));
  EXPECT_EQ(found["changes"][0]["after"]["sha256"], sha256_hex("print(2)"));
  EXPECT_EQ(found["changes"][1]["path"], "gone.py");
  EXPECT_EQ(found["changes"][1]["change"], "removed");
  EXPECT_EQ(found["changes"][1]["after"], Json());
  EXPECT_EQ(found["changes"][2]["path"], "new/b.py");
  EXPECT_EQ(found["changes"][2]["change"], "added");
  EXPECT_EQ(found["changes"][2]["before"], Json());
  EXPECT_EQ(found["next"], Json());
  EXPECT_EQ(changes("?from=" + after).json()["changes"], Json::array());
}

TEST_F(SnapshotFilesTest, ChangesComeInPages) {
  const Json first = changes("?limit=2&from=" + before).json();
  EXPECT_EQ(first["changes"].size(), 2u);
  const Json second = changes("?limit=2&from=" + before + "&cursor=" + first["next"].get<std::string>()).json();
  ASSERT_EQ(second["changes"].size(), 1u);
  EXPECT_EQ(second["changes"][0]["path"], "new/b.py");
  EXPECT_EQ(second["next"], Json());
}

TEST_F(SnapshotFilesTest, WhatItIsComparedWithMustBeThere) {
  EXPECT_EQ(changes("").code(), "invalid");
  const auto answer = changes("?from=" + std::string(64, 'a'));
  EXPECT_EQ(answer.code(), "not_found");
  EXPECT_THAT(answer.json()["detail"].get<std::string>(), HasSubstr("aaaa"));
}

}  // namespace
}  // namespace muster::api
