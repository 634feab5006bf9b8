// What the venv builder has pip, or uv, install: with real pip, and packages of our own.
#include <gtest/gtest.h>

#include "base/file.h"
#include "environment/cache.h"
#include "support/small_packages.h"

namespace muster::environment {
namespace {
namespace fs = std::filesystem;
using test::Ran;
using test::run;
using test::system_python;

const auto kNever = [] { return false; };
const auto kSilent = [](std::string_view) {};

class VenvInstall : public test::SmallPackages {
 protected:
  fs::path root() const { return folder_ / "environments"; }
};

// uv is played by a program that says what it was told, and does it by pip.
TEST_F(VenvInstall, UvInstallsWhereItIsAndPipWhereItCannot) {
  make_wheel("hello");
  const fs::path uv = folder_ / "tools" / "uv";
  ASSERT_TRUE(make_folders(uv.parent_path()));
  const std::string python = system_python();
  const std::string script = "#!/bin/sh\necho \"uv was told: $*\"\ncase \"$1 $2\" in\n'venv '*) shift 4; exec " + python +
                             " -m venv \"$1\" ;;\n'pip install') [ -e " + (folder_ / "broken").string() +
                             " ] && exit 2; exec \"$4\" -m pip install $(echo \"$*\" | grep -o -e '-[rc] [^ ]*') ;;\n"
                             "'pip freeze') exec \"$4\" -m pip freeze ;;\nesac\nexit 1\n";
  ASSERT_TRUE(write_file(uv, script, 0755));
  variables_["PATH"] = uv.parent_path().string() + ":" + variables_["PATH"];
  EnvironmentCache cache(root(), variables_);
  auto definition = asking_for({"hello"});
  definition.pip_constraints = {"hello<2"};
  std::string log;
  const auto prepared = cache.prepare(
      definition, [&](std::string_view text) { log += text; }, kNever);
  ASSERT_TRUE(prepared) << prepared.error().detail << "\n" << log;
  EXPECT_NE(log.find("uv was told: venv --no-project --python " + python), std::string::npos) << log;
  EXPECT_NE(log.find(" --find-links " + links().string()), std::string::npos) << "what pip is configured to do: " << log;
  EXPECT_NE(log.find(" --no-index "), std::string::npos) << log;
  EXPECT_EQ(log.find("pip installs"), std::string::npos) << log;
  EXPECT_EQ(run({interpreter_of(*prepared), "-c", "import hello; print(hello.WORD)"}, folder_.path()).output, "hello from hello\n");
  EXPECT_EQ(cache.kept()->front().packages, std::vector<std::string>{"hello==1.0"});

  // What it says it installed is not what was asked for.
  const std::string lying = script.substr(0, script.find("'pip freeze')")) + "'pip freeze') echo hello==2.0 ;;\nesac\n";
  ASSERT_TRUE(write_file(uv, lying, 0755));
  log.clear();
  const auto other = cache.prepare(
      asking_for({"hello==1.0"}), [&](std::string_view text) { log += text; }, kNever);
  ASSERT_TRUE(other) << other.error().detail << "\n" << log;
  EXPECT_NE(log.find("uv installed 2.0 where hello==1.0 is asked for: pip installs"), std::string::npos) << log;
  ASSERT_TRUE(write_file(uv, script, 0755));

  ASSERT_TRUE(write_file(folder_ / "broken", ""));
  definition.pip_constraints = {"hello<3"};
  log.clear();
  const auto by_pip = cache.prepare(
      definition, [&](std::string_view text) { log += text; }, kNever);
  ASSERT_TRUE(by_pip) << by_pip.error().detail << "\n" << log;
  EXPECT_NE(log.find("uv could not install the packages: pip installs"), std::string::npos) << log;
}

/// A repository with a package that git and pip can make without a network.
void make_repository(const fs::path& folder, const std::string& name) {
  constexpr const char* kBackend = R"(
import zipfile
def get_requires_for_build_wheel(settings=None):
    return []
def build_wheel(folder, settings=None, metadata=None):
    name = open("NAME").read()
    info = name + "-1.0.dist-info/"
    with zipfile.ZipFile(folder + "/" + name + "-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(name + ".py", "WORD = 'hello from " + name + "'\n")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % name)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(info + "RECORD", "")
    return name + "-1.0-py3-none-any.whl"
)";
  ASSERT_TRUE(make_folders(folder));
  ASSERT_TRUE(write_file(folder / "NAME", name));
  ASSERT_TRUE(write_file(folder / "backend.py", kBackend));
  ASSERT_TRUE(write_file(folder / "pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n"));
  const Ran made =
      run({"/bin/sh", "-c",
           "git init -q . && git add . && git -c user.name=t -c user.email=t@example.org -c commit.gpgsign=false commit -qm x"},
          folder);
  ASSERT_EQ(made.exit_code, 0) << made.output;
}

TEST_F(VenvInstall, RequirementsReachPipAsTheyAreWritten) {
  for (const char* name : {"hello", "first", "second"}) make_wheel(name);
  const fs::path elsewhere = folder_ / "two  blanks";
  ASSERT_TRUE(make_folders(elsewhere));
  test::make_wheel("third", elsewhere);
  for (const char* name : {"fourth", "fifth"}) make_repository(folder_ / name, name);
  const auto url = [&](const char* name) { return "file://" + (links() / (std::string(name) + "-1.0-py3-none-any.whl")).string(); };
  auto definition =
      asking_for({"--prefer-binary", "git+file://" + (folder_ / "fourth").string(), "git+file://" + (folder_ / "fifth").string(),
                  url("first"), "second @ " + url("second"), (elsewhere / "third-1.0-py3-none-any.whl").string(),
                  "hello==9; python_version < '3'", "hello==1.0; python_version >= '3'"});
  definition.conda_packages = {"pip=20"};
  EnvironmentCache cache(root(), variables_);
  std::string log;
  const auto prepared = cache.prepare(
      definition, [&](std::string_view text) { log += text; }, kNever);
  ASSERT_TRUE(prepared) << prepared.error().detail << "\n" << log;
  const Ran imported =
      run({interpreter_of(*prepared), "-c", "import hello, first, second, third, fourth, fifth; print('all there')"}, folder_.path());
  EXPECT_EQ(imported.output, "all there\n");
  EXPECT_NE(log.find("pip=20 is left out"), std::string::npos) << log;

  definition.pip_constraints = {"hello<1"};
  const auto constrained = cache.prepare(definition, kSilent, kNever);
  ASSERT_FALSE(constrained);
  EXPECT_NE(constrained.error().detail.find("hello"), std::string::npos) << constrained.error().detail;
}

}  // namespace
}  // namespace muster::environment
