#include "model/environment.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::model {
namespace {

/// The field of each fault, in order.
std::vector<std::string> faulty(const Json& json, std::string_view field = "environment") {
  const auto read = environment_from_json(json, field);
  std::vector<std::string> fields;
  if (!read) {
    for (const FieldError& fault : read.error().errors) fields.push_back(fault.field);
  }
  return fields;
}

TEST(Environment, IsReadBackAsItWasShown) {
  const Json json = Json::parse(
      R"({"name": "birds", "version": "3", "python": {"interpreter_path": "/usr/bin/python3", "user_managed_dependencies": false,
      "pip_packages": ["pillow==9.4.0", "six"], "conda_packages": ["python=3.11", "pip"], "python_version": "3.11"},
      "environment_variables": {"A": "1"}})");
  const auto environment = environment_from_json(json, "environment");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->pip_packages, (std::vector<std::string>{"pillow==9.4.0", "six"}));
  EXPECT_EQ(to_json(*environment), json);
}

TEST(Environment, AnEmptyOneIsTheSystemsPython) {
  const auto environment = environment_from_json(Json::object(), "environment");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->name, "default");
  EXPECT_EQ(environment->interpreter_path, "python");
  EXPECT_FALSE(environment->user_managed_dependencies);
  EXPECT_TRUE(environment->pip_packages.empty());
}

TEST(Environment, TakesThePythonVersionFromACondaSpecification) {
  const auto environment = environment_from_json(Json::parse(R"({"python": {"conda_packages": ["python=3.6.2", "pip=20.1"]}})"), "");
  ASSERT_TRUE(environment);
  EXPECT_EQ(environment->python_version, "3.6.2");
}

TEST(Environment, TellsEveryFaultWithItsPlace) {
  const Json json = Json::parse(
      R"({"name": "a/b", "python": {"pip_packages": ["six", 3, ""], "conda_packages": ["cudatoolkit=11"], "python_version": "new",
      "interpretter": "x"}, "environment_variables": {"A-B": "1"}, "docker": {"base_image": "x"}})");
  EXPECT_EQ(faulty(json), (std::vector<std::string>{"environment.name", "environment.python.pip_packages[1]",
                                                    "environment.python.pip_packages[2]", "environment.python.conda_packages[0]",
                                                    "environment.python.python_version", "environment.python.interpretter",
                                                    "environment.environment_variables.A-B", "environment.docker.base_image"}));
}

TEST(Environment, SaysWhatToUseInsteadOfConda) {
  const auto read = environment_from_json(Json::parse(R"({"python": {"conda_packages": ["pytorch"]}})"), "environment");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::invalid);
  EXPECT_NE(read.error().detail.find("pytorch"), std::string::npos);
  EXPECT_NE(read.error().errors.front().hint.find("pip_packages"), std::string::npos);
}

TEST(Environment, SaysOfEachPartOfAContainerThatItIsNotBuiltYet) {
  const Json docker = Json::parse(
      R"({"base_image": "ubuntu", "base_dockerfile": "FROM ubuntu", "base_image_registry": {"address": "example.org", "username": "u",
      "password": "p"}, "arguments": ["--gpus", "all"], "shm_size_bytes": 1073741824})");
  EXPECT_EQ(faulty({{"docker", docker}}, ""),
            (std::vector<std::string>{"docker.base_image", "docker.base_dockerfile", "docker.base_image_registry"}));
  const auto enabled = environment_from_json({{"docker", {{"enabled", true}}}}, "");
  ASSERT_FALSE(enabled);
  EXPECT_EQ(enabled.error().errors.front().detail, "asks for a container that this version cannot build yet");
  EXPECT_EQ(faulty(Json::parse(R"({"python": {"conda_channels": ["conda-forge"]}, "docker": {"shm_size": "2g", "arguments": 3}})"), ""),
            (std::vector<std::string>{"python.conda_channels", "docker.arguments", "docker.shm_size"}));
  Json disabled = docker;
  disabled["enabled"] = false;
  const auto none = environment_from_json({{"docker", disabled}}, "");
  ASSERT_TRUE(none) << "a container that is not enabled is none";
  EXPECT_EQ(to_json(*none), to_json(EnvironmentDefinition()));
}

TEST(Environment, RefusesAnOptionHiddenInAPackage) {
  EXPECT_EQ(faulty(Json::parse(R"({"python": {"pip_packages": ["six\n--index-url=http://x"]}})")),
            (std::vector<std::string>{"environment.python.pip_packages[0]"}));
}

TEST(Environment, TwoPythonVersionsAreAFault) {
  EXPECT_EQ(faulty(Json::parse(R"({"python": {"conda_packages": ["python=3.6"], "python_version": "3.8"}})"), ""),
            (std::vector<std::string>{"python.conda_packages[0]"}));
}

}  // namespace
}  // namespace muster::model
