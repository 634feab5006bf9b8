#include "runner/restored_outputs.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace muster::runner {
namespace {

TEST(RestoredOutputs, AreReadAsTheyWereWritten) {
  const test::TempFolder folder;
  const RestoredOutputs restored{{"outputs/a", std::string(64, 'a')}, {"outputs/ä/b", std::string(64, 'b')}};
  ASSERT_TRUE(save_restored(restored, folder.path() / "restored.json"));
  EXPECT_EQ(load_restored(folder.path() / "restored.json").value(), restored);
}

TEST(RestoredOutputs, NothingWasPutBackWithoutTheFile) {
  const test::TempFolder folder;
  EXPECT_EQ(load_restored(folder.path() / "restored.json").value(), RestoredOutputs{});
}

TEST(RestoredOutputs, WhatIsDamagedIsSaidToBe) {
  const test::TempFolder folder;
  const auto path = folder.path() / "restored.json";
  for (const char* text : {"", "[]", "{}", R"({"files": []})", R"({"files": {"outputs/a": 1}})"}) {
    ASSERT_TRUE(write_file(path, text, 0644, Durable::no));
    EXPECT_FALSE(load_restored(path)) << text;
  }
}

}  // namespace
}  // namespace muster::runner
