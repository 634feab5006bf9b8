#include "cli/environment/conda_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::cli {
namespace {

using testing::HasSubstr;

TEST(CondaFile, SaysItsPackagesChannelsAndVariables) {
  const auto read = definition_of_conda_file(
      "# one\nname: x\nchannels: [conda-forge]\nprefix: /opt/x\nvariables:\n  A: '1'\ndependencies:\n- python=3.6.2\n- pip\n- pip:\n"
      "  - azureml-defaults\n  - torch==1.6.0  # two\n  - --extra-index-url https://example.org\n  - -r more.txt\n  - "
      "./w/x-1-py3-none-any.whl\n"
      "  - git+https://example.org/a.git\n",
      "/srv/f");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(*read, Json::parse(R"({"python": {"conda_channels": ["conda-forge"], "conda_packages": ["python=3.6.2", "pip"], "pip_packages":
      ["azureml-defaults", "torch==1.6.0", "--extra-index-url https://example.org", "-r /srv/f/more.txt", "/srv/f/w/x-1-py3-none-any.whl",
      "git+https://example.org/a.git"]}, "environment_variables": {"A": "1"}})"));
}

TEST(CondaFile, WhatIsNoneIsNamedByItsLine) {
  for (const auto& [text, words] :
       std::vector<std::pair<const char*, const char*>>{{"dependencies:\n- a\nextra: 1\n", "line 3: 'extra' is not a key"},
                                                        {"channels: [a]\n", "no key 'dependencies'"},
                                                        {"- a\n", "line 1"},
                                                        {"dependencies: a\n", "line 1: dependencies must be a list"},
                                                        {"dependencies:\n- npm:\n  - a\n", "line 2: only pip"},
                                                        {"dependencies:\n- [a]\n", "line 2: a dependency must be text"},
                                                        {"dependencies:\n- pip: six\n", "line 2: pip must be a list"},
                                                        {"dependencies:\n\t- a\n", "not YAML"},
                                                        {"variables: 3\ndependencies: []\n", "line 1: variables"},
                                                        {"", "it must have keys"}}) {
    const auto read = definition_of_conda_file(text, "/");
    ASSERT_FALSE(read) << text;
    EXPECT_THAT(read.error().detail, HasSubstr(words)) << text;
  }
}

}  // namespace
}  // namespace muster::cli
