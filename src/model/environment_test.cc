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
      R"({"name": "a/b", "python": {"pip_packages": ["six", 3, ""], "conda_packages": ["a\nb"], "python_version": "new",
      "interpretter": "x"}, "environment_variables": {"A-B": "1"}, "docker": {"base_image": 3}})");
  EXPECT_EQ(faulty(json), (std::vector<std::string>{"environment.name", "environment.python.pip_packages[1]",
                                                    "environment.python.pip_packages[2]", "environment.python.conda_packages[0]",
                                                    "environment.python.python_version", "environment.python.interpretter",
                                                    "environment.environment_variables.A-B", "environment.docker.base_image"}));
}

TEST(Environment, AWholeOneIsReadBackAsItWasShown) {
  const Json json = Json::parse(
      R"({"name": "birds", "version": null, "python": {"interpreter_path": "python", "user_managed_dependencies": false,
      "pip_packages": ["--extra-index-url https://example.org", "x @ https://example.org/x.whl"], "pip_constraints": ["numpy<2"],
      "conda_channels": ["conda-forge", "nvidia"], "conda_packages": ["cudatoolkit=11"], "python_version": null},
      "environment_variables": {}, "docker": {"enabled": true, "base_image": "ubuntu", "base_image_registry": {"address": "example.org",
      "username": "u"}, "arguments": ["--gpus", "all"], "shm_size_bytes": 1073741824}})");
  const auto environment = environment_from_json(json, "");
  ASSERT_TRUE(environment) << environment.error().detail;
  EXPECT_EQ(to_json(*environment), json);
}

TEST(Environment, AContainerIsOneUnlessItIsSwitchedOff) {
  const auto asks = [](const char* docker) {
    const auto read = environment_from_json(Json{{"docker", Json::parse(docker)}}, "");
    EXPECT_TRUE(read) << docker;
    return read && read->container && read->container->is_asked_for();
  };
  EXPECT_TRUE(asks(R"({"enabled": true})"));
  EXPECT_TRUE(asks(R"({"base_image": "x"})"));
  EXPECT_TRUE(asks(R"({"base_dockerfile": "FROM x"})"));
  EXPECT_FALSE(asks(R"({"enabled": false, "base_image": "x"})"));
  EXPECT_FALSE(asks(R"({"arguments": ["--gpus"]})"));
}

TEST(Environment, FaultsOfAContainerAreNamed) {
  EXPECT_EQ(
      faulty(Json::parse(R"({"docker": {"shm_size": "2g", "arguments": 3, "base_image": "x", "base_dockerfile": "FROM x",
      "base_image_registry": {"address": "example.org", "password": "p"}}})"),
             ""),
      (std::vector<std::string>{"docker.arguments", "docker.base_dockerfile", "docker.base_image_registry.password", "docker.shm_size"}));
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
