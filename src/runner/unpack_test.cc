#include "runner/unpack.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/tar.h"
#include "support/small_disk.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

struct Entry {
  std::string path;
  std::string bytes;
  unsigned mode = 0644;
  char type = '0';  ///< of ustar: '0' a file, '1' a hard link, '2' a symbolic one, '5' a folder, '6' a pipe
  std::string link = {};
};

/// Writes what base/tar.h, which knows only files, never would.
void change_kind(std::string& header, char type, const std::string& link) {
  header[156] = type;
  header.replace(157, link.size(), link);
  header.replace(148, 8, 8, ' ');
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  header.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
}

std::string tar_of(const std::vector<Entry>& entries) {
  std::string tar;
  for (const Entry& entry : entries) {
    std::string header = tar_header(entry.path, entry.bytes.size(), entry.mode);
    if (entry.type != '0') change_kind(header, entry.type, entry.link);
    tar += header + entry.bytes + std::string(tar_padding(entry.bytes.size()), '\0');
  }
  return tar + std::string(kTarEndBytes, '\0');
}

TEST(UnpackTar, WritesFilesFoldersAndModes) {
  const test::TempFolder folder;
  const auto count = unpack_tar(tar_of({{"train.py", "print()\n"}, {"a/b/run.sh", "#!/bin/sh\n", 0755}, {"a/b/empty", ""}}), folder / "to");
  ASSERT_TRUE(count) << count.error().detail;
  EXPECT_EQ(*count, 3U);
  EXPECT_EQ(read_file(folder / "to/train.py").value(), "print()\n");
  EXPECT_EQ(read_file(folder / "to/a/b/empty").value(), "");
  struct stat status {};
  ASSERT_EQ(::stat((folder / "to/a/b/run.sh").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0755U);
}

TEST(UnpackTar, AnEmptySnapshotIsAnEmptyFolder) {
  const test::TempFolder folder;
  EXPECT_EQ(unpack_tar(tar_of({}), folder / "to").value(), 0U);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "to"));
}

TEST(UnpackTar, RefusesWhatLeadsOutOrIsNoFile) {
  const std::vector<Entry> bad{{"../out", "x"},
                               {"/etc/out", "x"},
                               {"a/../../out", "x"},
                               {"link", "", 0777, '2', "/etc"},
                               {"hard", "", 0644, '1', "/etc/passwd"},
                               {"pipe", "", 0644, '6'},
                               {"folder", "", 0755, '5'}};
  for (const Entry& entry : bad) {
    const test::TempFolder folder;
    const auto result = unpack_tar(tar_of({entry}), folder / "to");
    ASSERT_FALSE(result) << entry.path;
    EXPECT_EQ(result.error().code, Code::malformed) << entry.path;
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    EXPECT_TRUE(std::filesystem::is_empty(folder / "to")) << entry.path;
  }
}

TEST(UnpackTar, KnowsNamesInAnyAlphabetWhateverTheLocale) {
  const test::TempFolder folder;
  const std::string name = "tr\u00e4ning/\u9e1f \U0001F426.py";
  ASSERT_TRUE(unpack_tar(tar_of({{name, "print()"}}), folder / "to"));
  EXPECT_TRUE(std::filesystem::exists(folder / "to" / name));
}

TEST(UnpackTar, NeverWritesThroughALinkThatIsThere) {
  const test::TempFolder folder;
  ASSERT_TRUE(make_folders(folder / "to"));
  std::filesystem::create_symlink(folder / "victim", folder / "to/train.py");
  EXPECT_FALSE(unpack_tar(tar_of({{"train.py", "x"}}), folder / "to"));
  EXPECT_FALSE(std::filesystem::exists(folder / "victim"));
}

TEST(UnpackTar, NoticesAnArchiveThatWasCutShort) {
  const test::TempFolder folder;
  const std::string whole = tar_of({{"big", std::string(100'000, 'x')}});
  EXPECT_FALSE(unpack_tar(std::string_view(whole).substr(0, 50'000), folder / "a"));
  EXPECT_FALSE(unpack_tar("this is no archive", folder / "b"));
}

TEST(UnpackTar, SaysWhenTheDiskIsFull) {
  const std::string archive = tar_of({{"big", std::string(4 << 20, 'x')}});
  test::on_small_disk(1 << 20, [&](const std::filesystem::path& disk) {
    const auto result = unpack_tar(archive, disk / "to");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::disk_full);
    EXPECT_NE(result.error().detail.find("big"), std::string::npos) << result.error().detail;
  });
}

}  // namespace
}  // namespace muster::runner
