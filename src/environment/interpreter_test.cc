#include "environment/interpreter.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::environment {
namespace {
namespace fs = std::filesystem;

void make_program(const fs::path& path, const std::string& text = "#!/bin/sh\nexit 0\n") {
  ASSERT_TRUE(make_folders(path.parent_path()));
  ASSERT_TRUE(write_file(path, text, 0755, Durable::no));
}

class Interpreter : public ::testing::Test {
 protected:
  std::string resolved(const std::string& wanted, const std::string& path) {
    const auto found = resolve_interpreter(wanted, path);
    if (found) return *found;
    EXPECT_EQ(found.error().code, Code::not_found);
    EXPECT_FALSE(found.error().hint.empty());
    return found.error().detail;
  }
  std::string in(const char* name) const { return (folder_.path() / name).string(); }
  test::TempFolder folder_;
};

TEST_F(Interpreter, ANameIsLookedUpOutsideShims) {
  make_program(folder_ / ".pyenv/shims/python");
  make_program(folder_ / "a/python");
  make_program(folder_ / "b/python");
  EXPECT_EQ(resolved("python", in(".pyenv/shims") + ":" + in(".pyenv/shims/") + ":" + in("a") + ":" + in("b")), in("a/python"));
}

TEST_F(Interpreter, APlainPythonMayBePython3) {
  make_program(folder_ / "a/python3");
  EXPECT_EQ(resolved("python", in("a")), in("a/python3"));
  EXPECT_NE(resolved("python2", in("a")).find("there is no 'python2' on the server's PATH (" + in("a")), std::string::npos);
}

TEST_F(Interpreter, AVersionThatOnlyPyenvHasIsFoundBehindItsShims) {
  make_program(folder_ / ".pyenv/shims/python3.6");
  for (const char* version : {"3.6.9", "3.6.15", "3.6.2", "3.10.4"}) {
    make_program(folder_ / ".pyenv/versions" / version / "bin/python");
    make_program(folder_ / ".pyenv/versions" / version / "bin" / (std::string("python") + (version[2] == '6' ? "3.6" : "3.10")));
  }
  make_program(folder_ / "a/python3.11");
  const std::string path = in(".pyenv/shims") + ":" + in("a");
  EXPECT_EQ(resolved("python3.6", path), in(".pyenv/versions/3.6.15/bin/python3.6"));
  EXPECT_EQ(resolved("python3.11", path), in("a/python3.11"));
  EXPECT_NE(resolved("python3.12", path).find("the versions there are 3.6, 3.10, 3.11"), std::string::npos) << resolved("python3.12", path);
  EXPECT_NE(resolved("python", path).find("there is no 'python'"), std::string::npos) << "a name alone is what PATH has";
}

TEST_F(Interpreter, WhatCannotBeStartedIsPassedOver) {
  make_program(folder_ / "a/python/file");  // a folder of that name
  ASSERT_TRUE(make_folders(folder_ / "b"));
  ASSERT_TRUE(write_file(folder_ / "b/python", "x", 0644, Durable::no));
  make_program(folder_ / "c/python");
  EXPECT_EQ(resolved("python", "relative::" + in("a") + ":" + in("b") + ":" + in("c")), in("c/python"));
}

TEST_F(Interpreter, APathIsTakenAsGiven) {
  make_program(folder_ / "a/python");
  EXPECT_EQ(resolved(in("a/python"), ""), in("a/python"));
  EXPECT_EQ(resolved(in("b/python"), ""), "there is no Python at " + in("b/python"));
  EXPECT_EQ(resolved("bin/python", ""), "the interpreter path 'bin/python' is relative");
}

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = ::popen(command.c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
  ::pclose(pipe);
  return text;
}

TEST_F(Interpreter, ItsOwnFolderServesWhenPythonIsThere) {
  make_program(folder_ / "a/python3");
  fs::create_symlink("python3", folder_ / "a/python");
  const auto folder = python_folder(in("a/python3"), folder_ / "scratch");
  ASSERT_TRUE(folder);
  EXPECT_EQ(*folder, folder_ / "a");
  EXPECT_FALSE(fs::exists(folder_ / "scratch"));
}

TEST_F(Interpreter, ItsOwnFolderDoesNotServeWhenAnotherPythonIsThere) {
  make_program(folder_ / "a/python3.8", "#!/bin/sh\necho this\n");
  make_program(folder_ / "a/python3", "#!/bin/sh\necho another\n");
  fs::create_symlink("python3.8", folder_ / "a/python");
  const auto folder = python_folder(in("a/python3.8"), folder_ / "scratch");
  ASSERT_TRUE(folder) << folder.error().detail;
  EXPECT_EQ(output_of("PATH=" + folder->string() + ":/bin; python3"), "this\n");
}

TEST_F(Interpreter, AFolderThatIsThereIsNotWrittenAgain) {
  make_program(folder_ / "a/python3");
  ASSERT_TRUE(python_folder(in("a/python3"), folder_ / "scratch"));
  const auto inode = [&] {
    struct stat status {};
    ::stat((folder_ / "scratch/python").c_str(), &status);
    return status.st_ino;
  };
  const auto before = inode();
  ASSERT_TRUE(python_folder(in("a/python3"), folder_ / "scratch"));
  EXPECT_EQ(inode(), before);
}

TEST_F(Interpreter, ElseAFolderIsMadeThatStartsIt) {
  make_program(folder_ / "it's here/python3", "#!/bin/sh\necho \"$0\" \"$@\"\n");
  const std::string interpreter = in("it's here/python3");
  const auto folder = python_folder(interpreter, folder_ / "scratch/bin");
  ASSERT_TRUE(folder) << folder.error().detail;
  EXPECT_EQ(*folder, folder_ / "scratch/bin");
  EXPECT_EQ(output_of("PATH=" + folder->string() + ":/bin; python -m 'a b'"), interpreter + " -m a b\n");
  EXPECT_EQ(output_of("PATH=" + folder->string() + ":/bin; python3"), interpreter + "\n");
}

}  // namespace
}  // namespace muster::environment
