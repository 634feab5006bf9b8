#pragma once
// A disk that is really full: `work` runs in a process of its own, in a mount namespace of its own, on a tmpfs of `bytes`. Nothing is left
// behind.

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "support/temp_folder.h"

namespace muster::test {

namespace small_disk_detail {

inline void must(bool done, const char* what) {
  if (done) return;
  std::perror(what);
  std::_Exit(99);
}

/// As an ordinary user a user namespace gives the right to mount.
inline void own_mounts() {
  const auto uid = ::getuid();
  const auto gid = ::getgid();
  if (uid == 0) {
    must(::unshare(CLONE_NEWNS) == 0, "unshare");
  } else {
    must(::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare a user namespace");
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
  }
  must(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make mounts private");
}

}  // namespace small_disk_detail

/// Expects no failure in `work`. Call it while the test has no other thread.
inline void on_small_disk(std::uint64_t bytes, const std::function<void(const std::filesystem::path&)>& work) {
  const TempFolder folder;
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    small_disk_detail::own_mounts();
    const std::string options = "size=" + std::to_string(bytes);
    small_disk_detail::must(::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, options.c_str()) == 0, "mount tmpfs");
    work(folder.path());
    std::fflush(nullptr);
    std::_Exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

/// Fills the disk that holds `folder` to the last byte; removing the file it returns makes room again.
inline std::filesystem::path fill_disk(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "filler";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  const std::string block(4096, 'x');
  for (std::size_t size = block.size(); size > 0;) {
    if (::write(fd, block.data(), size) <= 0) size /= 2;
  }
  ::close(fd);
  return path;
}

}  // namespace muster::test
