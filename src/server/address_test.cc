#include "server/address.h"

#include <gtest/gtest.h>

namespace muster::server {
namespace {

TEST(Address, ChosenByUsIsNobodyElsesUntilItIsGivenUp) {
  const auto first = first_address();
  const auto second = first_address();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->address.host, "127.0.0.1");
  EXPECT_GT(first->address.port, 0);
  EXPECT_NE(first->address.port, second->address.port);
}

TEST(Address, IsHostAndPort) {
  const auto address = parse_address("node-1:6464");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "node-1");
  EXPECT_EQ(address->port, 6464);
  EXPECT_EQ(parse_address("[::1]:6464")->host, "::1");
  EXPECT_EQ(parse_address("[::1]:6464")->text(), "[::1]:6464");
  for (const char* wrong : {"", "6464", "[]:6464", ":6464", "node:", "node:x", "node:65536", "node:-1", "node:80 "})
    EXPECT_FALSE(parse_address(wrong)) << wrong;
}

TEST(Address, OnlyThisMachineReachesLoopback) {
  for (const char* text : {"127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1"}) EXPECT_TRUE(is_loopback(*parse_address(text))) << text;
  for (const char* text : {"0.0.0.0:1", "[::]:1", "127.example:1", "10.0.0.1:1"}) EXPECT_FALSE(is_loopback(*parse_address(text))) << text;
  EXPECT_EQ(url_of(*parse_address("[::]:1"), "https").find("::"), std::string::npos) << "nobody is reached there";
}

}  // namespace
}  // namespace muster::server
