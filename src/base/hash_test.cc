#include "base/hash.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster {
namespace {

TEST(Sha256, AgreesWithTheStandardsExamples) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

RC_GTEST_PROP(Sha256, PiecesGiveTheSameAsTheWhole, (const std::vector<std::string>& pieces)) {
  Sha256 hash;
  std::string whole;
  for (const std::string& piece : pieces) {
    hash.update(piece);
    whole += piece;
  }
  RC_ASSERT(hash.hex() == sha256_hex(whole));
}

TEST(Sha256, OfAFile) {
  test::TempFolder folder;
  const std::string bytes(1'000'000, 'a');
  ASSERT_TRUE(write_file(folder / "a", bytes, 0644, Durable::no));
  EXPECT_EQ(*sha256_file(folder / "a"), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_FALSE(sha256_file(folder / "none"));
  EXPECT_FALSE(sha256_file(folder.path()));
}

TEST(Hmac, AgreesWithRfc4231) {
  EXPECT_EQ(hmac_sha256_hex("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(IsSha256, TakesLowerCaseHexOnly) {
  EXPECT_TRUE(is_sha256(std::string(64, 'a')));
  EXPECT_FALSE(is_sha256(std::string(63, 'a')));
  EXPECT_FALSE(is_sha256(std::string(64, 'A')));
  EXPECT_FALSE(is_sha256(std::string(64, 'g')));
}

TEST(EqualSecrets, Compares) {
  EXPECT_TRUE(equal_secrets("", ""));
  EXPECT_TRUE(equal_secrets("token", "token"));
  EXPECT_FALSE(equal_secrets("token", "tokem"));
  EXPECT_FALSE(equal_secrets("token", "toke"));
}

}  // namespace
}  // namespace muster
