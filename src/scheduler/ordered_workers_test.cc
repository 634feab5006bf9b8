#include "scheduler/ordered_workers.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <system_error>
#include <vector>

#include "support/event.h"

namespace muster::scheduler {
namespace {

using Names = test::Watched<std::vector<std::string>>;

std::function<void()> note(Names& names, std::string name) {
  return [&names, name] { names.change([&](auto& all) { all.push_back(name); }); };
}

TEST(OrderedWorkers, OneKeyInOrderAndOthersMeanwhile) {
  Names names;
  test::Watched<bool> is_open;
  OrderedWorkers workers(3);
  workers.post("a", [&] {
    EXPECT_TRUE(is_open.wait_for(true));
    note(names, "a1")();
  });
  workers.post("a", note(names, "a2"));
  workers.post("b", note(names, "b1"));
  workers.post("a", note(names, "a3"));
  ASSERT_TRUE(names.wait_for({"b1"}));
  is_open.set(true);
  EXPECT_TRUE(names.wait_for({"b1", "a1", "a2", "a3"}));
}

TEST(OrderedWorkers, WithoutThreadsForMoreAllIsDoneByTheFirst) {
  Names names;
  test::Watched<bool> is_open;
  int made = 0;
  OrderedWorkers workers(4, [&](std::function<void()> body) {
    if (++made > 1) throw std::system_error(EAGAIN, std::generic_category());
    return std::thread(std::move(body));
  });
  workers.post("a", [&] { EXPECT_TRUE(is_open.wait_for(true)); });
  for (const char* name : {"b", "c", "d"}) workers.post(name, note(names, name));
  is_open.set(true);
  EXPECT_TRUE(names.wait_for({"b", "c", "d"}));
  EXPECT_GT(made, 1);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which need the address space themselves
/// In a process of its own, which has no room for another stack.
TEST(OrderedWorkersDeathTest, WhereTheMachineHasNoThreadsForMoreAllIsDoneByTheFirst) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // begins anew: in this process stacks of threads that ended may be left
  const auto without_threads = [] {
    Names names;
    test::Watched<bool> is_open;
    OrderedWorkers workers(4);
    long pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t used_up = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::sysconf(_SC_PAGESIZE)) + (2u << 20);
    const rlimit none{used_up, used_up};
    ::setrlimit(RLIMIT_AS, &none);
    bool is_refused = false;
    try {
      std::thread([] {}).join();
    } catch (const std::system_error&) {
      is_refused = true;
    }
    workers.post("a", [&] { is_open.wait_for(true); });
    for (const char* name : {"b", "c", "d"}) workers.post(name, note(names, name));
    is_open.set(true);
    const bool is_done = names.wait_for({"b", "c", "d"});
    ::_exit(is_refused && is_done ? 0 : is_refused ? 1 : 2);
  };
  EXPECT_EXIT(without_threads(), ::testing::ExitedWithCode(0), "");
}
#endif

TEST(OrderedWorkers, ATaskThatThrowsEndsNothing) {
  Names names;
  OrderedWorkers workers(1);
  workers.post("a", [] { throw std::runtime_error("bad"); });
  workers.post("a", note(names, "a2"));
  EXPECT_TRUE(names.wait_for({"a2"}));
}

TEST(OrderedWorkers, StoppingWaitsForWhatIsUnderWayAndBeginsNothing) {
  Names names;
  const auto held = std::make_shared<int>(0);
  test::Watched<bool> is_reached;
  test::Watched<bool> is_open;
  OrderedWorkers workers(1);
  workers.post("a", [&] {
    is_reached.set(true);
    EXPECT_TRUE(is_open.wait_for(true));
    note(names, "a")();
  });
  workers.post("b", [&, held] { note(names, "b")(); });
  ASSERT_TRUE(is_reached.wait_for(true));
  is_open.set(true);
  EXPECT_TRUE(workers.stop(std::chrono::seconds(20)));
  EXPECT_EQ(names.get().front(), "a");
  workers.post("c", note(names, "c"));
  EXPECT_LE(names.get().size(), 2U);
  EXPECT_EQ(held.use_count(), 1) << "what was not done is let go of";
}

TEST(OrderedWorkers, StoppingDoesNotWaitForEver) {
  // Its thread is left to itself: what the task uses lives as long as the task.
  const auto is_reached = std::make_shared<test::Watched<bool>>();
  const auto is_open = std::make_shared<test::Watched<bool>>();
  const auto has_ended = std::make_shared<test::Watched<bool>>();
  {
    OrderedWorkers workers(1);
    workers.post("a", [is_reached, is_open, has_ended] {
      is_reached->set(true);
      is_open->wait_for(true);
      has_ended->set(true);
    });
    ASSERT_TRUE(is_reached->wait_for(true));
    EXPECT_FALSE(workers.stop(std::chrono::milliseconds(1)));
  }
  is_open->set(true);
  EXPECT_TRUE(has_ended->wait_for(true));
}

}  // namespace
}  // namespace muster::scheduler
