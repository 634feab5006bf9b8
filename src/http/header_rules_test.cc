#include "http/header_rules.h"

#include <gtest/gtest.h>

namespace muster::http {
namespace {

int status(HeaderFields fields, unsigned version = 11, bool with_host = true) {
  if (with_host) fields.emplace_back("host", "gpu-box:6464");
  const auto fault = header_fault(fields, version);
  EXPECT_TRUE(!fault || !fault->error.detail.empty());
  return fault ? fault->status : 200;
}

TEST(HeaderRules, OneTransferEncodingThatIsKnown) {
  EXPECT_EQ(status({{"transfer-encoding", "chunked"}}), 200);
  EXPECT_EQ(status({{"transfer-encoding", "Chunked"}}), 200);
  for (const char* other :
       {"xchunked", "identity", "chunked, identity", "identity, chunked", "chunked, chunked", "gzip, chunked", "chunkedx",
        "\x0b"
        "chunked",
        "chunked;a=b", ""})
    EXPECT_EQ(status({{"transfer-encoding", other}}), 501) << other;
  EXPECT_EQ(status({{"transfer-encoding", "chunked"}, {"transfer-encoding", "chunked"}}), 400);
  EXPECT_EQ(status({{"transfer-encoding", ""}, {"transfer-encoding", "chunked"}}), 400);
  EXPECT_EQ(status({{"transfer-encoding", "identity"}, {"content-length", "3"}}), 400);
  EXPECT_EQ(status({{"content-length", "3"}, {"transfer-encoding", "xchunked"}}), 400);
  EXPECT_EQ(status({{"transfer-encoding", "chunked"}}, 10), 400);
}

TEST(HeaderRules, OneHost) {
  EXPECT_EQ(status({}, 11, false), 400);
  EXPECT_EQ(status({}, 10, false), 200);
  EXPECT_EQ(status({{"host", "other"}}), 400);
  EXPECT_EQ(status({{"host", ""}}), 400);
  for (const char* good : {"", "a", "a.b-c_d:80", "[::1]:6464", "127.0.0.1"}) EXPECT_EQ(status({{"host", good}}, 11, false), 200) << good;
  for (const char* bad : {"a b", "a/b", "a, b", "u@h", "a\\b", "\xff"}) EXPECT_EQ(status({{"host", bad}}, 11, false), 400) << bad;
}

TEST(HeaderRules, AnExpectationThatIsKnown) {
  EXPECT_EQ(status({{"expect", "100-Continue"}}), 200);
  for (const char* other : {"200-ok", "100-continue, x", ""}) EXPECT_EQ(status({{"expect", other}}), 417) << other;
  EXPECT_EQ(status({{"expect", "200-ok"}}, 10), 200);
}

}  // namespace
}  // namespace muster::http
