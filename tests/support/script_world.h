#pragma once
// A world (contract/engine_contract.h) of an engine whose nodes see this machine's disk.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "contract/engine_contract.h"
#include "support/temp_folder.h"

namespace muster::test {

/// Runners are shell scripts, which share a folder with the test.
class ScriptWorld : public engine::EngineWorld {
 public:
  std::vector<std::string> runner() override { return {"/bin/sh", "-c", kScript, "runner", folder_.path().string()}; }
  void set_parts(std::vector<Part> parts) override {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_TRUE(write_file(folder_ / fmt::format("part-{}", i), fmt::format("{}\n", static_cast<int>(parts[i])), 0644, Durable::no));
    }
  }
  void let_go() override { EXPECT_TRUE(write_file(folder_ / "go", "", 0644, Durable::no)); }
  std::vector<std::string> begun() override {
    std::vector<std::string> keys;
    const std::string text = read_file(folder_ / "begun").value_or("");
    for (const std::string_view key : split(text, '\n')) {
      if (!key.empty()) keys.emplace_back(key);
    }
    return keys;
  }
  std::string variable(const std::string& key, const std::string& name) override {
    const std::string all = read_file(folder_ / ("variables-" + key)).value_or("");
    for (const std::string_view line : split(all, '\n')) {
      if (line.starts_with(name + "=")) return std::string(line.substr(name.size() + 1));
    }
    return "";
  }

 protected:
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  // A part belongs to whoever can move its file. What has begun is there whole before anybody ends by it.
  static constexpr const char* kScript = R"(
dir=$1
part=0
for file in "$dir"/part-*; do
  if mv "$file" "$dir/taken-$$" 2>/dev/null; then part=$(cat "$dir/taken-$$"); break; fi
done
env > "$dir/variables-$MUSTER_NODE_KEY"
[ "$part" = 0 ] && trap '' TERM
[ "$part" = 1 ] && trap 'exit 0' TERM
echo begun
echo "$MUSTER_NODE_KEY" >> "$dir/begun"
case $part in
  2) exit 3 ;;
  3) kill -KILL $$ ;;
esac
until [ "$part" = 1 ] && [ -e "$dir/go" ]; do sleep 0.02; done
exit 0
)";
  TempFolder folder_;
};

}  // namespace muster::test
