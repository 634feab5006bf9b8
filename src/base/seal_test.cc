#include "base/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster {
namespace {

const std::string kHex = std::string(62, '0') + "2a";

TEST(Seal, OpensWhatItSealed) {
  const auto key = SealingKey::from_hex(kHex);
  ASSERT_TRUE(key);
  for (const std::string& text : {std::string(), std::string("hf_token"), std::string("zero\0 inside", 12), std::string(25'600, 'x')}) {
    const auto sealed = key->seal(text, "1/token");
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->key_id, key->id());
    EXPECT_TRUE(text.empty() || sealed->bytes.find(text) == std::string::npos);
    EXPECT_EQ(*key->open(*sealed, "1/token"), text);
  }
}

TEST(Seal, NoTwoAreAlike) {
  const auto key = *SealingKey::from_hex(kHex);
  EXPECT_NE(key.seal("same", "p")->bytes, key.seal("same", "p")->bytes);
}

TEST(Seal, WhatWasChangedOrIsAnothersDoesNotOpen) {
  const auto key = *SealingKey::from_hex(kHex);
  const Sealed sealed = *key.seal("value", "1/token");
  EXPECT_EQ(key.open(sealed, "2/token").error().code, Code::internal);
  for (std::size_t i = 0; i < sealed.bytes.size(); ++i) {
    Sealed changed = sealed;
    changed.bytes[i] = static_cast<char>(changed.bytes[i] ^ 1);
    EXPECT_FALSE(key.open(changed, "1/token")) << i;
  }
  Sealed changed = sealed;
  changed.nonce[3] = static_cast<char>(changed.nonce[3] ^ 1);
  EXPECT_FALSE(key.open(changed, "1/token"));
  EXPECT_FALSE(key.open({sealed.key_id, "short", "short"}, "1/token"));
}

TEST(Seal, AnotherKeySaysThatItIsAnother) {
  const auto key = *SealingKey::from_hex(kHex);
  const auto other = *SealingKey::from_hex(std::string(64, 'b'));
  EXPECT_NE(key.id(), other.id());
  const auto opened = other.open(*key.seal("value", "p"), "p");
  EXPECT_EQ(opened.error().code, Code::conflict);
  EXPECT_THAT(opened.error().detail, testing::HasSubstr(key.id()));
}

TEST(Seal, AKeyIsSixtyFourHexDigits) {
  EXPECT_FALSE(SealingKey::from_hex(""));
  EXPECT_FALSE(SealingKey::from_hex(std::string(64, 'g')));
  const auto wrong = SealingKey::from_hex("secret");
  EXPECT_THAT(wrong.error().detail, testing::Not(testing::HasSubstr("secret")));
}

}  // namespace
}  // namespace muster
