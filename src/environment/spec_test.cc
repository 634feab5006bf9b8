#include "environment/spec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "environment/container.h"
#include "model/environment_record.h"
#include "support/golden.h"

namespace muster::environment {
namespace {

model::EnvironmentDefinition with(std::vector<std::string> packages) {
  model::EnvironmentDefinition definition;
  definition.pip_packages = std::move(packages);
  return definition;
}

std::string hash(std::vector<std::string> packages) { return environment_hash(with(std::move(packages)), "venv", "/usr/bin/python3"); }

TEST(EnvironmentSpec, WhatTheRunnerProvidesIsLeftOut) {
  const auto definition =
      with({"azureml-defaults", "Azureml_Core==1.2", "azureml.sdk[notebooks]", "muster", "pillow==9.4.0", "muster-extra"});
  EXPECT_EQ(packages_to_install(definition), (std::vector<std::string>{"pillow==9.4.0", "muster-extra"}));
  EXPECT_EQ(provided_packages(definition),
            (std::vector<std::string>{"azureml-defaults", "Azureml_Core==1.2", "azureml.sdk[notebooks]", "muster"}));
}

TEST(EnvironmentSpec, AUserManagedOneInstallsNothing) {
  auto definition = with({"six"});
  definition.user_managed_dependencies = true;
  EXPECT_TRUE(packages_to_install(definition).empty());
}

TEST(EnvironmentSpec, TheHashSeesContentOnly) {
  EXPECT_EQ(hash({"six==1.16"}), hash({"  six ==  1.16 "}));
  EXPECT_EQ(hash({"six"}), hash({"azureml-defaults", "six"}));
  EXPECT_NE(hash({"six"}), hash({"six==1.16"}));
  EXPECT_NE(hash({"a", "b"}), hash({"b", "a"})) << "the order matters to pip";
  EXPECT_NE(hash({"six"}), hash({}));
  EXPECT_NE(environment_hash(with({"six"}), "venv", "/usr/bin/python3"), environment_hash(with({"six"}), "venv", "/opt/python"));
  auto named = with({"six"});
  named.name = "another";
  named.version = "7";
  named.variables = {{"A", "1"}};
  EXPECT_EQ(environment_hash(named, "venv", "/usr/bin/python3"), hash({"six"}));
}

TEST(EnvironmentSpec, BlanksWithAMeaningStay) {
  EXPECT_EQ(packages_to_install(with({"six ; python_version  < '3'", "x @ file:///a b", "--extra-index-url   http://x"})),
            (std::vector<std::string>{"six; python_version < '3'", "x@ file:///a b", "--extra-index-url http://x"}));
}

TEST(EnvironmentSpec, UrlsPathsMarkersHashesAndOptionsReachTheInstallerAsTheyAreWrittenAndInOrder) {
  const std::vector<std::string> lines{
      "--extra-index-url https://example.org/simple",
      "git+https://example.org/a.git@v1#egg=a",
      "git+https://example.org/b.git",
      "https://example.org/muster-1.0-py3-none-any.whl",
      "/srv/two  blanks/x.whl ; python_version < '3'",
      "muster/folder",
      "-e /srv/p",
      "torch==1.6.0; python_version < '3.7'",
      "torch==2.0; python_version >= '3.7'",
      "pillow==9.4.0 --hash=sha256:00 --hash=sha256:01",
      "-f https://example.org/wheels",
      "azureml-core-extension",
  };
  EXPECT_EQ(packages_to_install(with(lines)), lines);
}

TEST(EnvironmentSpec, CondaPackagesThatPyPIHasAreTakenFromThereVisibly) {
  auto definition = with({"six"});
  definition.conda_packages = {"python=3.8", "pip=20.2", "numpy=1.19", "conda-forge::Pandas==1.1.5", "scipy>=1.4, <2", "joblib"};
  EXPECT_EQ(packages_to_install(definition),
            (std::vector<std::string>{"numpy==1.19.*", "pandas==1.1.5", "scipy>=1.4,<2", "joblib", "six"}));
  EXPECT_TRUE(cannot_be_built(definition).empty());
  EXPECT_EQ(notices(definition),
            (std::vector<std::string>{"pip=20.2 is left out: the pip of the environment's own Python installs",
                                      "there is no conda, so these of its packages come from PyPI: numpy=1.19 as numpy==1.19.*, "
                                      "conda-forge::Pandas==1.1.5 as pandas==1.1.5, scipy>=1.4, <2 as scipy>=1.4,<2, joblib as joblib"}));
  definition.conda_packages = {"cudatoolkit=11", "pytorch=1.6", "numpy=1.19|1.20"};
  const auto faults = cannot_be_built(definition);
  ASSERT_EQ(faults.size(), 3u);
  EXPECT_EQ(faults[0].field, "python.conda_packages[0]");
  EXPECT_NE(faults[1].hint.find("PyPI has it as torch"), std::string::npos);
  definition.user_managed_dependencies = true;
  EXPECT_TRUE(cannot_be_built(definition).empty());
  EXPECT_TRUE(notices(definition).empty());
}

TEST(EnvironmentSpec, AzuresOwnImagesAreTheMachineAndSaidSoAndOthersNeedAContainer) {
  auto definition = with({"six"});
  definition.container = model::ContainerDefinition{true, "mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04", "", "", "", {}, {}};
  EXPECT_TRUE(cannot_be_built(definition).empty());
  ASSERT_EQ(notices(definition).size(), 1u);
  EXPECT_NE(notices(definition)[0].find("a container of the image mcr.microsoft.com/azureml/openmpi3.1.2-ubuntu18.04"), std::string::npos);
  EXPECT_EQ(environment_hash(definition, "venv", "/usr/bin/python3"), hash({"six"}));
  definition.container->base_image = "pytorch/pytorch:2.0";
  EXPECT_TRUE(needs_container(definition));
  EXPECT_TRUE(notices(definition).empty());
  EXPECT_NE(environment_hash(definition, "container", "python"), hash({"six"}));
  definition.container->enabled = false;
  EXPECT_FALSE(needs_container(definition));
  EXPECT_TRUE(notices(definition).empty());
  definition.container = model::ContainerDefinition{{}, "", "FROM x", "", "", {}, {}};
  EXPECT_TRUE(needs_container(definition));
}

TEST(EnvironmentSpec, APinThatWasNotKeptIsFound) {
  const std::vector<std::string> installed{"torch==1.10.2", "Pillow==9.4", "numpy==1.19.5+mkl", "x @ file:///x"};
  const auto other = not_as_asked({"--pre", "pillow==9.4.0", "numpy==1.19.5", "six==1.0", "torch==1.6.0"}, installed);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->asked, "torch==1.6.0");
  EXPECT_EQ(other->version, "1.10.2");
  EXPECT_FALSE(not_as_asked({"torch==1.6.0; python_version < '3'", "torch==1.*", "torch>=1", "x==1", "torch==1.10.2"}, installed));
}

TEST(EnvironmentSpec, ALockPinsWhatWasInstalled) {
  auto definition = with({"--extra-index-url https://example.org", "torch>=1", "azureml-defaults", "wheel"});
  definition.name = "torch";
  definition.version = "3";
  definition.python_version = "3.8";
  definition.conda_packages = {"python=3.8", "numpy=1.19"};
  definition.pip_constraints = {"numpy<2"};
  const auto locked = locked_to(
      definition, {"numpy==1.19.5", "pip==23.0", "setuptools==66", "torch==1.6.0", "wheel==0.40", "x @ git+https://example.org/x@abc"});
  EXPECT_EQ(locked.pip_packages, (std::vector<std::string>{"--extra-index-url https://example.org", "numpy==1.19.5", "torch==1.6.0",
                                                           "wheel==0.40", "x @ git+https://example.org/x@abc"}));
  EXPECT_EQ(locked.python_version, "3.8");
  EXPECT_FALSE(locked.version);
  EXPECT_TRUE(locked.conda_packages.empty() && locked.pip_constraints.empty());
  EXPECT_EQ(locked_to(locked, {"numpy==1.19.5", "torch==1.6.0", "wheel==0.40", "x @ git+https://example.org/x@abc"}).pip_packages,
            locked.pip_packages)
      << "the lock of a lock is the lock";
}

// A change of these is another version of the form: everything would be built again.
TEST(EnvironmentSpec, TheCanonicalFormsAreFixed) {
  Json vectors = test::read_golden_json(test::golden_folder() / "environment" / "canonical-forms.json");
  ASSERT_GT(vectors.size(), 5u);
  for (Json& one : vectors) {
    const auto definition = model::environment_from_json(one["definition"], "");
    ASSERT_TRUE(definition) << one;
    const std::string form = canonical_form(*definition, text_at(one, "builder"), text_at(one, "interpreter"));
    std::string lines;
    for (const Json& line : one["form"]) lines += line.get<std::string>() + "\n";
    EXPECT_EQ(form, lines) << one;
    EXPECT_EQ(sha256_hex(form), one["hash"]) << one;
    EXPECT_EQ(environment_hash(*definition, text_at(one, "builder"), text_at(one, "interpreter")), one["hash"]);
    EXPECT_EQ(sha256_hex(model::content_form(*definition)), one["content_hash"]) << model::content_form(*definition);
  }
}

TEST(EnvironmentSpec, APythonVersionChoosesTheInterpreter) {
  model::EnvironmentDefinition definition;
  EXPECT_EQ(interpreter_wanted(definition), "python");
  for (const auto& [version, name] : std::vector<std::pair<std::string, std::string>>{
           {"3.8.13", "python3.8"}, {"3.8", "python3.8"}, {"3.8.*", "python3.8"}, {"3", "python3"}, {"3.*", "python3"}}) {
    definition.python_version = version;
    EXPECT_EQ(interpreter_wanted(definition), name) << version;
  }
  definition.interpreter_path = "/opt/python/bin/python";
  EXPECT_EQ(interpreter_wanted(definition), "/opt/python/bin/python");
}

RC_GTEST_PROP(EnvironmentSpec, BlanksNeverMatterInAPlainRequirement, ()) {
  const std::vector<std::string> parts{"six", ">=", "1.0", ",", "<", "2"};
  std::string plain;
  std::string spaced;
  for (const std::string& part : parts) {
    plain += part;
    spaced += std::string(static_cast<std::size_t>(*rc::gen::inRange(0, 3)), ' ') + part + (*rc::gen::arbitrary<bool>() ? "\t" : "");
  }
  RC_ASSERT(hash({plain}) == hash({spaced}));
}

}  // namespace
}  // namespace muster::environment
