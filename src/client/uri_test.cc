#include "client/uri.h"

#include <gtest/gtest.h>

#include "support/golden.h"

namespace muster::client {
namespace {

TEST(Uri, EncodesWhatIsNotUnreserved) {
  EXPECT_EQ(encode_value("a b%.txt"), "a%20b%25.txt");
  EXPECT_EQ(encode_value("a/b?c&d=\xC3\xA9"), "a%2Fb%3Fc%26d%3D%C3%A9");
}

TEST(Uri, JoinsPathAndQuery) {
  EXPECT_EQ(target_of("/runs", {}), "/runs");
  EXPECT_EQ(target_of("/runs", {{"tag", "a=b"}, {"limit", "5"}}), "/runs?tag=a%3Db&limit=5");
}

TEST(Uri, ReadsServerUrls) {
  const auto plain = parse_server_url("http://Node-1.example:6464/");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "node-1.example");
  EXPECT_EQ(plain->port, 6464);
  EXPECT_EQ(parse_server_url("http://node")->port, 80);
  EXPECT_EQ(parse_server_url("http://[::1]:7")->host, "::1");
}

TEST(Uri, RefusesWhatIsNoServerUrl) {
  for (const char* url : {"", "node:6464", "ftp://node", "http://", "http://node:0", "http://node:65536", "http://node:x",
                          "http://node/path", "http://a b", "http://user@node", "http://[::1", "http://node:80\r\nX: y"}) {
    const auto read = parse_server_url(url);
    ASSERT_FALSE(read) << url;
    EXPECT_EQ(read.error().code, Code::invalid);
    EXPECT_FALSE(read.error().hint.empty());
  }
}

TEST(Uri, ReadsAddressesWithTlsAndTheServersFingerprint) {
  const std::string digits(64, 'a');
  const auto verified = parse_server_url("https://node");
  ASSERT_TRUE(verified);
  EXPECT_TRUE(verified->tls);
  EXPECT_EQ(verified->port, 443);
  EXPECT_EQ(verified->fingerprint, "");
  const auto pinned = parse_server_url("https://Node:6464/#SHA256:" + std::string(64, 'A'));
  ASSERT_TRUE(pinned);
  EXPECT_EQ(pinned->fingerprint, digits);
  EXPECT_EQ(*normal_url("https://Node:6464#SHA256:" + digits), "https://node:6464");
  EXPECT_EQ(parse_fingerprint("ab:" + std::string(62, 'c')), "ab" + std::string(62, 'c'));
  for (const char* wrong : {"https://node#", "https://node#SHA256:12", "https://node#x", "http://node#SHA256:12"}) {
    EXPECT_FALSE(parse_server_url(wrong)) << wrong;
  }
}

TEST(Uri, AddressesAreReadAsTheSdkReadsThem) {
  const Json golden = test::read_golden_json(test::golden_folder() / "network" / "addresses.json");
  for (const Json& one : golden["cases"]) {
    const auto read = parse_server_url(one["url"].get<std::string>());
    ASSERT_EQ(read.has_value(), !one["normal"].is_null()) << one;
    if (!read) continue;
    EXPECT_EQ(read->url(), one["normal"]) << one;
    EXPECT_EQ(read->fingerprint, one["fingerprint"]) << one;
  }
}

TEST(Uri, OneServerHasOneNormalForm) {
  EXPECT_EQ(*normal_url("HTTP://LocalHost:6464//"), "http://localhost:6464");
  EXPECT_EQ(*normal_url("http://node"), "http://node:80");
  EXPECT_EQ(*normal_url("http://[::1]:5"), "http://[::1]:5");
}

}  // namespace
}  // namespace muster::client
