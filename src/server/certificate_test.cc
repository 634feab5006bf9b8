#include "server/certificate.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::server {
namespace {

TEST(Certificate, IsMadeOnceAndItsKeyIsTheOwnersAlone) {
  const test::TempFolder folder;
  const auto first = own_certificate(folder / "tls", {"gpu-box", "127.0.0.1", "::1"});
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->fingerprint.size(), 64u);
  struct stat key {};
  ASSERT_EQ(::stat(first->key.c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600u);
  EXPECT_EQ(own_certificate(folder / "tls", {"other"})->fingerprint, first->fingerprint);
  EXPECT_EQ(given_certificate(first->file, first->key)->fingerprint, first->fingerprint);
}

TEST(Certificate, WhatIsNoneIsSaid) {
  const test::TempFolder folder;
  EXPECT_FALSE(given_certificate(folder / "none.pem", folder / "none.key"));
  ASSERT_TRUE(write_file(folder / "bad.pem", "hello"));
  const auto bad = given_certificate(folder / "bad.pem", folder / "none.key");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::invalid);
}

}  // namespace
}  // namespace muster::server
