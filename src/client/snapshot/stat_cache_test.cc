#include "client/snapshot/stat_cache.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace muster::client {
namespace {

const std::string kHash(64, 'a');

HashCache sample() {
  HashCache cache;
  cache["a.py"] = {{1, -2, 3, 4, 5}, kHash};
  cache["odd name\n x"] = {{0, 0, 0, UINT64_MAX, 0}, kHash};
  return cache;
}

bool same(const HashCache& a, const HashCache& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [path, entry] : a) {
    const auto at = b.find(path);
    if (at == b.end() || at->second.stamp != entry.stamp || at->second.sha256 != entry.sha256) return false;
  }
  return true;
}

TEST(StatCache, IsReadAsItWasWritten) {
  EXPECT_TRUE(same(cache_from_text(cache_to_text(sample())), sample()));
  EXPECT_TRUE(cache_from_text(cache_to_text({})).empty());
}

RC_GTEST_PROP(StatCache, DamageReadsAsEmpty, ()) {
  std::string text = cache_to_text(sample());
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size() - 1);
  if (*rc::gen::arbitrary<bool>())
    text[at] = static_cast<char>(text[at] ^ (1 << *rc::gen::inRange(0, 8)));
  else
    text.resize(at);
  RC_ASSERT(cache_from_text(text).empty());
}

TEST(StatCache, RecentChangesAreNotTrusted) {
  const TimeUs now = 1'000'000'000'000;
  const auto stamp = [](std::int64_t modified_us, std::int64_t changed_us) {
    return FileStamp{1, modified_us * 1000, changed_us * 1000, 1, 1};
  };
  EXPECT_TRUE(may_be_cached(stamp(now - 2'000'001, now - 2'000'001), now));
  EXPECT_FALSE(may_be_cached(stamp(now - 1'999'999, now - 5'000'000), now));
  EXPECT_FALSE(may_be_cached(stamp(now - 5'000'000, now - 1'999'999), now));
  EXPECT_FALSE(may_be_cached(stamp(now + 5'000'000, now - 5'000'000), now));
}

}  // namespace
}  // namespace muster::client
