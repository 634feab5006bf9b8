#include "runner/node_facts.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/fd.h"

namespace muster::runner {
namespace {

TEST(NodeFacts, AFreePortIsOneThatNobodyListensOn) {
  const Fd taken(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(6105);
  // Whether ours or somebody else's, something is bound there now.
  (void)::bind(taken.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  (void)::listen(taken.get(), 1);
  const auto port = free_port();
  ASSERT_TRUE(port);
  EXPECT_NE(*port, 6105);
  EXPECT_GT(*port, 0);
}

TEST(NodeFacts, OnOneMachineNodesMeetOnLoopback) {
  EXPECT_EQ(own_address("127.0.0.1").value(), "127.0.0.1");
  EXPECT_FALSE(own_address("no.such.host.invalid"));
}

TEST(NodeFacts, GpusAreThoseThatWereChosen) {
  EXPECT_EQ(count_gpus({{"CUDA_VISIBLE_DEVICES", "0,3"}}), 2);
  EXPECT_EQ(count_gpus({{"CUDA_VISIBLE_DEVICES", ""}}), 0);
  EXPECT_EQ(count_gpus({{"CUDA_VISIBLE_DEVICES", "-1"}}), 0);
}

}  // namespace
}  // namespace muster::runner
