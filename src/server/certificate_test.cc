#include "server/certificate.h"

#include <sys/stat.h>

#include <cstdlib>

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::server {
namespace {

TEST(Certificate, IsMadeOnceAndItsKeyIsTheOwnersAlone) {
  const test::TempFolder folder;
  const auto first = own_certificate(folder / "tls", {"gpu-box", "127.0.0.1", "::1"}, "gpu-box");
  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->fingerprint.size(), 64u);
  struct stat key {};
  ASSERT_EQ(::stat(first->key.c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777, 0600u);
  EXPECT_EQ(own_certificate(folder / "tls", {"other"}, "other")->fingerprint, first->fingerprint);
  EXPECT_EQ(given_certificate(first->file, first->key, "gpu-box")->fingerprint, first->fingerprint);
}

TEST(Certificate, WhatIsNoneIsSaid) {
  const test::TempFolder folder;
  EXPECT_FALSE(given_certificate(folder / "none.pem", folder / "none.key", "gpu-box"));
  ASSERT_TRUE(write_file(folder / "bad.pem", "hello"));
  const auto bad = given_certificate(folder / "bad.pem", folder / "none.key", "gpu-box");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::invalid);
}

TEST(Certificate, IsForTheNamesAndAddressesThatItWasMadeFor) {
  const test::TempFolder folder;
  const char* const before = std::getenv("SSL_CERT_FILE");
  const std::string kept = before == nullptr ? "" : before;
  const auto made = own_certificate(folder / "tls", {"gpu-box", "12345", "10.1.2.3", "fd00::7", "not a name"}, "gpu-box");
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_FALSE(made->vouched_for) << "nobody vouches for it";
  ::setenv("SSL_CERT_FILE", made->file.c_str(), 1);
  for (const char* host : {"gpu-box", "GPU-Box", "12345", "10.1.2.3", "fd00::7", "fd00:0:0::7"})
    EXPECT_TRUE(given_certificate(made->file, made->key, host)->vouched_for) << host;
  for (const char* host : {"gpu-box.lab", "other", "10.1.2.4", "::1", "1234"})
    EXPECT_FALSE(given_certificate(made->file, made->key, host)->vouched_for) << host << ": an authority does not vouch for that name";
  ::setenv("SSL_CERT_FILE", kept.c_str(), 1);
  if (before == nullptr) ::unsetenv("SSL_CERT_FILE");
}

}  // namespace
}  // namespace muster::server
