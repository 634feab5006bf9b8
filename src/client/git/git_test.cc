#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "client/git/git_properties.h"
#include "client/git/git_url.h"
#include "process/spawn.h"
#include "support/golden.h"
#include "support/temp_folder.h"

namespace muster::client {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(GitUrl, HasNoCredentials) {
  const Json vectors = test::read_golden_json(test::golden_folder() / "git" / "urls.json");
  ASSERT_GT(vectors["cases"].size(), 20u);
  for (const Json& vector : vectors["cases"]) {
    const auto url = vector["url"].get<std::string>();
    EXPECT_EQ(without_credentials(url), vector["recorded"].get<std::string>()) << url;
  }
}

template <class T>
std::optional<T> optional_of(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional<T>(json.get<T>());
}

TEST(GitProperties, AreTheVectors) {
  const Json vectors = test::read_golden_json(test::golden_folder() / "git" / "properties.json");
  ASSERT_GT(vectors["cases"].size(), 8u);
  for (const Json& vector : vectors["cases"]) {
    const Json& said = vector["answers"];
    const GitAnswers answers{optional_of<std::string>(said["commit"]), optional_of<std::string>(said["branch"]),
                             optional_of<std::string>(said["address"]), optional_of<bool>(said["changed"])};
    EXPECT_EQ(Json(git_properties(answers)), vector["properties"]) << vector["name"];
  }
}

/// A variable of this process, as it was again afterwards.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) before_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

class AskGit : public ::testing::Test {
 protected:
  AskGit() { fs::create_directories(source()); }

  fs::path source() const { return root_ / "source"; }
  void shell(const std::string& line) const {
    const std::string all = "cd '" + source().string() + "' && " + line;
    ASSERT_EQ(std::system(all.c_str()), 0) << line;
  }
  void repository() const { shell("git init -q -b main && git config user.name a && git config user.email a@b"); }
  void commit() const { shell("echo 1 > train.py && git add . && git commit -q -m first"); }
  /// What runs as `git` while the test goes on.
  std::string path_with_git(const std::string& script) const {
    fs::create_directories(root_ / "bin");
    std::ofstream(root_ / "bin" / "git") << script;
    fs::permissions(root_ / "bin" / "git", fs::perms::owner_all);
    return (root_ / "bin").string() + ":" + std::getenv("PATH");
  }

  test::TempFolder root_;
  // Not what the tester has set for all repositories.
  Variable home_{"HOME", root_.path().string()};
  Variable config_{"GIT_CONFIG_NOSYSTEM", "1"};
};

TEST_F(AskGit, TellsCommitBranchRemoteAndWhetherTheFolderIsAsCommitted) {
  repository();
  commit();
  shell("git remote add origin https://host/x.git");
  GitAnswers answers = ask_git(source());
  EXPECT_EQ(answers.commit.value_or("").size(), 40u);
  EXPECT_EQ(answers.branch, "main");
  EXPECT_EQ(answers.address, "https://host/x.git");
  EXPECT_EQ(answers.changed, false);
  shell("echo 2 > train.py");
  EXPECT_EQ(ask_git(source()).changed, true);
  shell("git checkout -q . && touch new.py");
  EXPECT_EQ(ask_git(source()).changed, true) << "a file that git does not know travels with the run";
  shell("mkdir part && touch part/.keep && git add part && git commit -q -m part");
  EXPECT_EQ(ask_git(source() / "part").changed, false) << "what lies beside the folder does not";
}

TEST_F(AskGit, WithoutACommitThereIsABranch) {
  repository();
  const GitAnswers answers = ask_git(source());
  EXPECT_EQ(answers.commit, std::nullopt);
  EXPECT_EQ(answers.branch, "main");
  EXPECT_EQ(git_properties(answers).count("azureml.git.repository_uri"), 0u);
  EXPECT_EQ(answers.changed, false);
}

TEST_F(AskGit, RecordsTheOnlyRemoteWhateverItsName) {
  repository();
  shell("git remote add upstream https://host/x.git");
  EXPECT_EQ(ask_git(source()).address, "https://host/x.git");
  shell("git remote add other https://host/y.git");
  EXPECT_EQ(git_properties(ask_git(source())).count("azureml.git.repository_uri"), 0u) << "which of the two is anybody's guess";
}

TEST_F(AskGit, ADetachedHeadHasNoBranch) {
  repository();
  commit();
  shell("git checkout -q --detach");
  const GitAnswers answers = ask_git(source());
  EXPECT_TRUE(answers.commit);
  EXPECT_EQ(answers.branch, std::nullopt);
}

TEST_F(AskGit, IsNotSentToAnotherRepositoryByTheEnvironment) {
  repository();
  const Variable elsewhere("GIT_DIR", (root_ / "elsewhere").string());
  EXPECT_EQ(ask_git(source()).branch, "main");
}

TEST_F(AskGit, SaysNothingWhereThereIsNoWorkTree) {
  EXPECT_TRUE(git_properties(ask_git(source())).empty());
  EXPECT_TRUE(git_properties(ask_git(root_ / "gone")).empty());
  shell("git init -q --bare .");
  EXPECT_TRUE(git_properties(ask_git(source())).empty()) << "bare";
}

TEST_F(AskGit, SaysNothingOfABrokenRepository) {
  repository();
  shell("rm .git/HEAD");
  EXPECT_TRUE(git_properties(ask_git(source())).empty());
}

TEST_F(AskGit, SaysWhatIsLeftOfARepositoryWithoutItsObjects) {
  repository();
  commit();
  shell("rm -rf .git/objects/?? .git/index");
  const GitAnswers answers = ask_git(source());
  EXPECT_EQ(answers.branch, "main");
  EXPECT_EQ(answers.changed, std::nullopt);
}

TEST_F(AskGit, SaysNothingWithoutGit) {
  repository();
  const Variable path("PATH", (root_ / "empty").string());
  EXPECT_TRUE(git_properties(ask_git(source())).empty());
}

TEST_F(AskGit, IsNotHeldUpByAGitThatHangs) {
  const fs::path pid_file = root_ / "pid";
  const Variable path("PATH", path_with_git("#!/bin/sh\nsleep 600 &\necho $! > '" + pid_file.string() + "'\nwait\n"));
  const auto began = steady_clock::now();
  EXPECT_TRUE(git_properties(ask_git(source())).empty());
  EXPECT_LT(steady_clock::now() - began, seconds(20));
  pid_t pid = 0;
  ASSERT_TRUE(std::ifstream(pid_file) >> pid);
  const auto deadline = steady_clock::now() + seconds(20);
  while (process::is_alive(pid) && steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_FALSE(process::is_alive(pid)) << "what git had started goes with it";
}

TEST_F(AskGit, LeavesOutWhatTakesTooLong) {
  repository();
  const std::string git = "#!/bin/sh\ncase \"$*\" in *status*) exec sleep 600;; esac\nexec /usr/bin/env PATH='" +
                          std::string(std::getenv("PATH")) + "' git \"$@\"\n";
  const Variable path("PATH", path_with_git(git));
  const GitAnswers answers = ask_git(source());
  EXPECT_EQ(answers.branch, "main");
  EXPECT_EQ(answers.changed, std::nullopt);
}

}  // namespace
}  // namespace muster::client
