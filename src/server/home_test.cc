#include "server/home.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::server {
namespace {

mode_t mode_of(const std::filesystem::path& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

struct HomeTest : testing::Test {
  HomeTest() { ::umask(0); }
  ~HomeTest() override { ::umask(mask_); }
  const mode_t mask_ = ::umask(022);
  test::TempFolder folder;
};

TEST_F(HomeTest, ANewHomeIsForItsOwnerAlone) {
  const auto home = open_home(folder / "new/home");
  ASSERT_TRUE(home) << home.error().detail;
  EXPECT_EQ(mode_of(home->root), 0700u);
  EXPECT_EQ(mode_of(home->database()), 0600u);
  EXPECT_EQ(home->was_open, "");
}

TEST_F(HomeTest, AnOpenHomeAndWhatIsInItIsClosed) {
  const auto root = folder / "home";
  ASSERT_TRUE(make_folders(root / "blobs/ab"));
  for (const char* name : {"muster.db", "muster.db-wal", "credentials", "secret"}) ASSERT_TRUE(write_file(root / name, "", 0644));
  std::filesystem::create_symlink("/etc/passwd", root / "link");
  ASSERT_EQ(::chmod(root.c_str(), 0755), 0);
  const auto home = open_home(root);
  ASSERT_TRUE(home) << home.error().detail;
  EXPECT_EQ(mode_of(root), 0700u);
  EXPECT_EQ(mode_of(root / "blobs"), 0700u);
  for (const char* name : {"muster.db", "muster.db-wal", "credentials", "secret"}) EXPECT_EQ(mode_of(root / name), 0600u) << name;
  EXPECT_EQ(mode_of("/etc/passwd"), 0644u) << "links are not followed";
  EXPECT_NE(home->was_open.find("was open to other users"), std::string::npos);
  EXPECT_EQ(open_home(root)->was_open, "") << "said once";
}

TEST_F(HomeTest, AHomeOfSomebodyElseIsRefused) {
  if (::geteuid() != 0) return;  // only root can make one, and only root could enter it otherwise
  for (const mode_t mode : {0755u, 0700u}) {
    const auto root = folder / fmt::format("home-{:o}", mode);
    ASSERT_TRUE(make_folders(root));
    ASSERT_EQ(::chown(root.c_str(), 65534, 65534), 0);
    ASSERT_EQ(::chmod(root.c_str(), mode), 0);
    const auto home = open_home(root);
    ASSERT_FALSE(home);
    EXPECT_EQ(home.error().code, Code::invalid);
    EXPECT_EQ(home.error().detail, root.string() + " belongs to nobody, and this is run by root: nobody could not use what is made there");
    EXPECT_EQ(home.error().hint, "run it as nobody, or set MUSTER_HOME to another folder");
    EXPECT_EQ(mode_of(root), mode);
    EXPECT_TRUE(std::filesystem::is_empty(root)) << "nothing was made in it";
  }
}

TEST_F(HomeTest, HowTheServerWasStartedIsKept) {
  const auto home = open_home(folder / "home");
  EXPECT_EQ(kept_start(*home)->told, ServeOptions{});
  KeptStart start{{{}, "0.0.0.0:6464", "http://gpu-box:6464", "/c.pem", "/k.pem", true}, "http://gpu-box:6464", "http"};
  ASSERT_TRUE(keep_start(*home, start));
  const auto kept = kept_start(*home);
  ASSERT_TRUE(kept) << kept.error().detail;
  EXPECT_EQ(kept->told, start.told);
  EXPECT_EQ(kept->url, start.url);
  EXPECT_EQ(kept->scheme, "http");
  EXPECT_FALSE(kept->of_older_version);
  ASSERT_TRUE(write_file(folder / "home/address", "0.0.0.0:6464"));
  EXPECT_EQ(kept_start(*home)->told.listen, "0.0.0.0:6464");
  EXPECT_TRUE(kept_start(*home)->of_older_version);
  ASSERT_TRUE(write_file(folder / "home/address", "{\"listen\": "));
  const auto damaged = kept_start(*home);
  ASSERT_FALSE(damaged);
  EXPECT_NE(damaged.error().detail.find("home/address"), std::string::npos) << damaged.error().detail;
}

}  // namespace
}  // namespace muster::server
