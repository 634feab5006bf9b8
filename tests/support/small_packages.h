#pragma once
// Packages of a test's own, for real installers without any network.

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/own_variables.h"
#include "environment/command.h"
#include "environment/interpreter.h"
#include "model/environment.h"
#include "support/temp_folder.h"

namespace muster::test {
namespace fs = std::filesystem;

inline constexpr std::chrono::seconds kBuildPatience{100};

inline std::string system_python() {
  const auto found = environment::resolve_interpreter("python3", own_variables()["PATH"]);
  EXPECT_TRUE(found);
  return found.value_or("");
}

struct Ran {
  std::string output;
  std::optional<int> exit_code;
};

inline Ran run(std::vector<std::string> words, const fs::path& folder) {
  Ran ran;
  const auto group = process::ProcessGroup::planned("muster-test-run");
  const auto ended = environment::run_command(
      {std::move(words), {{"PATH", "/usr/bin:/bin"}}, folder}, group, std::chrono::steady_clock::now() + kBuildPatience,
      [&](std::string_view text) { ran.output += text; }, [] { return Result<void>{}; });
  EXPECT_TRUE(ended) << ended.error().detail;
  if (ended) ran.exit_code = ended->exit_code;
  return ran;
}

/// A wheel is a zip with a little metadata.
inline void make_wheel(const std::string& name, const fs::path& folder) {
  constexpr const char* kScript = R"(
import sys, zipfile
name, folder = sys.argv[1:]
info = name + "-1.0.dist-info/"
with zipfile.ZipFile("%s/%s-1.0-py3-none-any.whl" % (folder, name), "w") as wheel:
    wheel.writestr(name + ".py", "WORD = 'hello from " + name + "'\n")
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % name)
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(info + "RECORD", "")
)";
  const Ran made = run({system_python(), "-c", kScript, name, folder.string()}, folder);
  ASSERT_EQ(made.exit_code, 0) << made.output;
}

/// A source package that has pip run `code` first when it is to be built. It brings its own build backend: no version of pip needs another
/// package for it.
inline void make_sdist(const std::string& name, const std::string& code, const fs::path& folder) {
  constexpr const char* kScript = R"(
import io, sys, tarfile
name, folder, code = sys.argv[1:]
files = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % name,
    "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
    "backend.py": "import runpy\ndef get_requires_for_build_wheel(settings=None):\n    runpy.run_path('code.py')\n    return []\n",
    "code.py": code,
}
with tarfile.open("%s/%s-1.0.tar.gz" % (folder, name), "w:gz") as archive:
    for path, text in files.items():
        entry = tarfile.TarInfo("%s-1.0/%s" % (name, path))
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text.encode()))
)";
  const Ran made = run({system_python(), "-c", kScript, name, folder.string(), code}, folder);
  ASSERT_EQ(made.exit_code, 0) << made.output;
}

/// What has pip look into a folder of such packages, and nowhere else.
inline std::map<std::string, std::string> pip_variables(const fs::path& folder) {
  return {{"PIP_CONFIG_FILE", "/dev/null"}, {"PIP_NO_INDEX", "1"}, {"PIP_FIND_LINKS", folder.string()}};
}

/// Real pip against a folder of small packages of our own, without any network.
class SmallPackages : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_folders(links()));
    variables_ = own_variables();
    std::erase_if(variables_, [](const auto& one) { return one.first.starts_with("PIP_"); });
    variables_.merge(pip_variables(links()));
    variables_["PYTHONPATH"] = "/nowhere";  // must not reach pip
    variables_["MUSTER_TOKEN"] = "secret";  // neither
  }

  fs::path links() const { return folder_ / "links"; }

  void make_wheel(const std::string& name) const { test::make_wheel(name, links()); }
  void make_sdist(const std::string& name, const std::string& code) const { test::make_sdist(name, code, links()); }

  model::EnvironmentDefinition asking_for(std::vector<std::string> packages) const {
    model::EnvironmentDefinition definition;
    definition.interpreter_path = system_python();
    definition.pip_packages = std::move(packages);
    return definition;
  }

  test::TempFolder folder_;
  std::map<std::string, std::string> variables_;
};

}  // namespace muster::test
