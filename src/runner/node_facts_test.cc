#include "runner/node_facts.h"

#include <gtest/gtest.h>

namespace muster::runner {
namespace {

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
