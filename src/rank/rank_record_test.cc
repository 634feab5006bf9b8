#include "rank/rank_record.h"

#include <gtest/gtest.h>

namespace muster::rank {
namespace {

TEST(RankRecord, ALineIsReadBackAsItWas) {
  const RankRecord record{3, 1, 4711, 1'795'230'131'000'001, 1'795'230'132'000'002, -1, 9};
  const auto read = from_line(to_line(record));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->rank, 3);
  EXPECT_EQ(read->local_rank, 1);
  EXPECT_EQ(read->pid, 4711);
  EXPECT_EQ(read->started_at, record.started_at);
  EXPECT_EQ(read->ended_at, record.ended_at);
  EXPECT_EQ(read->exit_code, -1);
  EXPECT_EQ(read->signal, 9);
}

TEST(RankRecord, AnythingElseIsNoRecord) {
  const std::string whole = to_line(RankRecord{});
  for (std::size_t length = 0; length < whole.size(); ++length) EXPECT_FALSE(from_line(whole.substr(0, length))) << length;
  EXPECT_FALSE(from_line("muster-rank 2 0 0 0 0 0 0 0\n"));
  EXPECT_FALSE(from_line("Traceback\n"));
}

}  // namespace
}  // namespace muster::rank
