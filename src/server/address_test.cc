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
  for (const char* wrong : {"", "6464", ":6464", "node:", "node:x", "node:65536", "node:-1", "node:80 "})
    EXPECT_FALSE(parse_address(wrong)) << wrong;
}

}  // namespace
}  // namespace muster::server
