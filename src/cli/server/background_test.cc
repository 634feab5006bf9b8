#include "cli/server/background.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "server/home.h"
#include "support/temp_folder.h"

namespace muster::cli {
namespace {

using Urls = std::vector<std::string>;

TEST(UrlsOf, AServerIsNotAskedWithoutTlsWhereItMayHaveIt) {
  const test::TempFolder folder;
  const server::Home home{folder.path(), {}};
  ASSERT_TRUE(write_file(folder / "address", "127.0.0.2:6464"));  // of an older version
  EXPECT_EQ(urls_of(home.root), (Urls{"https://127.0.0.2:6464", "http://127.0.0.2:6464"}));
  server::KeptStart start;
  start.told.listen = "127.0.0.2:6464";
  start.url = "https://gpu-box:6464";
  start.scheme = "https";
  ASSERT_TRUE(keep_start(home, start));
  EXPECT_EQ(urls_of(home.root), (Urls{"https://gpu-box:6464", "https://127.0.0.2:6464"}));
  start.scheme = "http";  // behind a proxy that speaks TLS
  ASSERT_TRUE(keep_start(home, start));
  ASSERT_TRUE(write_file(folder / "server.json", R"({"url": "https://card:1"})"));
  EXPECT_EQ(urls_of(home.root), (Urls{"https://card:1", "https://gpu-box:6464", "http://127.0.0.2:6464"}));
}

}  // namespace
}  // namespace muster::cli
