#include "base/stream_hash.h"

#include <gtest/gtest.h>

#include "base/hash.h"

namespace muster {
namespace {

TEST(StreamHash, IsTheSameHoweverLongTheStreamIsAndHoweverItComes) {
  std::string all(13 << 20, '\0');
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i * 2654435761u >> 13);
  const std::vector<std::size_t> sizes{0, 1, 4 << 20, (4 << 20) + 1, 9 << 20, all.size()};
  for (const std::size_t size : sizes) {
    const std::string_view stream = std::string_view(all).substr(0, size);
    for (const std::size_t piece : {std::size_t{1000}, std::size_t{1} << 18, std::size_t{3} << 20}) {
      StreamHash hash;
      for (std::size_t at = 0; at < size; at += piece) hash.update(stream.substr(at, piece));
      EXPECT_EQ(hash.hex(), sha256_hex(stream)) << size << " bytes in pieces of " << piece;
    }
  }
}

TEST(StreamHash, MayBeMovedAndLeftInTheMiddle) {
  const std::string part(6 << 20, 'x');
  StreamHash first;
  first.update(part);
  StreamHash second = std::move(first);
  second.update("end");
  EXPECT_EQ(second.hex(), sha256_hex(part + "end"));
  StreamHash left;
  left.update(part);
}

}  // namespace
}  // namespace muster
