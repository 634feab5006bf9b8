#include "environment/uv.h"

#include <gtest/gtest.h>

namespace muster::environment {
namespace {

using Words = std::vector<std::string>;

TEST(Uv, IsToldWhatPipIsConfiguredToDo) {
  EXPECT_TRUE(uv_settings("")->install.empty());
  EXPECT_EQ(uv_settings(":env:.no-index='1'\n:env:.find-links='/wheels'\nglobal.timeout='60'\nglobal.no-index='false'\n")->install,
            (Words{"--no-index", "--find-links", "/wheels"}));
  const auto all = uv_settings(
      "global.index-url='https://i.example.org/simple'\nglobal.extra-index-url='https://a.example.org\\nhttps://b.example.org'\n"
      "install.trusted-host='a.example.org'\nglobal.constraint='/etc/pins.txt'\nglobal.cert='/etc/ca.pem'\ndownload.no-index='1'\n");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->install, (Words{"--default-index", "https://i.example.org/simple", "--index", "https://a.example.org", "--index",
                                 "https://b.example.org", "--allow-insecure-host", "a.example.org", "--constraint", "/etc/pins.txt",
                                 "--index-strategy", "unsafe-best-match"}));
  EXPECT_EQ(all->variables, (std::map<std::string, std::string>{{"SSL_CERT_FILE", "/etc/ca.pem"}}));
}

TEST(Uv, WhatItHasNoWordsForIsPips) {
  const auto refused = uv_settings("global.no-binary=':all:'\n");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("no-binary"), std::string::npos);
}

}  // namespace
}  // namespace muster::environment
