#pragma once
// A real Slurm for the tests of this process: the one that MUSTER_TEST_SLURM names the folder of (./dev test has it up for all), or else
// one of this process's own, which ends with it.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <string>

#include "base/own_variables.h"
#include "process/spawn.h"
#include "support/temp_folder.h"

namespace muster::test {

class SlurmTestbed {
 public:
  SlurmTestbed() {
    const char* shared = std::getenv("MUSTER_TEST_SLURM");  // NOLINT(concurrency-mt-unsafe): nothing sets variables meanwhile
    is_own_ = shared == nullptr;
    path_ = is_own_ ? folder_.path().string() : shared;
    if (is_own_) testbed("start");
    const std::string path = own_variables()["PATH"] + ":/usr/sbin:/sbin";
    ::setenv("SLURM_CONF", (path_ + "/slurm.conf").c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    ::setenv("PATH", path.c_str(), 1);                           // NOLINT(concurrency-mt-unsafe)
  }
  ~SlurmTestbed() {
    if (is_own_) testbed("stop");
  }
  SlurmTestbed(const SlurmTestbed&) = delete;
  SlurmTestbed& operator=(const SlurmTestbed&) = delete;

  void testbed(const std::string& what) {
    process::SpawnOptions options;
    options.command = {"/usr/bin/python3", std::string(MUSTER_SOURCE_DIR) + "/tools/slurm_testbed.py", what, path_};
    options.variables = own_variables();
    options.output = 2;
    auto child = process::spawn(options);
    ASSERT_TRUE(child) << child.error().detail;
    const auto ended = child->wait(std::chrono::seconds(90));
    ASSERT_TRUE(ended && ended->exit_code == 0) << "the Slurm testbed does not " << what;
  }

 private:
  TempFolder folder_;
  std::string path_;
  bool is_own_ = true;
};

inline void use_slurm_testbed() { static SlurmTestbed testbed; }

}  // namespace muster::test
