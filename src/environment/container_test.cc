#include "environment/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace muster::environment {
namespace {

using testing::ElementsAre;
using testing::Not;
using Words = std::vector<std::string>;

std::string reference(const std::string& image, const std::string& registry = "") {
  model::ContainerDefinition container;
  container.base_image = image;
  container.registry_address = registry;
  return image_reference(container);
}

TEST(Container, AnImageWithoutARegistryIsDockerHubs) {
  EXPECT_EQ(reference("python:3.11"), "docker.io/library/python:3.11");
  EXPECT_EQ(reference("pytorch/pytorch"), "docker.io/pytorch/pytorch");
  EXPECT_EQ(reference("localhost/mine:1"), "localhost/mine:1");
  EXPECT_EQ(reference("nvcr.io/nvidia/pytorch:23.01-py3"), "nvcr.io/nvidia/pytorch:23.01-py3");
  EXPECT_EQ(reference("box:5000/mine"), "box:5000/mine");
  EXPECT_EQ(reference("mine:1", "box:5000"), "box:5000/mine:1");
  EXPECT_EQ(reference("box:5000/mine:1", "box:5000"), "box:5000/mine:1");
}

TEST(Container, GpusArePassedAsTheProgramHasWordsForThem) {
  const Words devices{"null", "nvidia0", "nvidiactl", "tty"};
  EXPECT_THAT(gpu_options(true, devices, {}), ElementsAre("--gpus", "all"));
  EXPECT_THAT(gpu_options(false, devices, {"nvidia.yaml"}), ElementsAre("--device", "nvidia.com/gpu=all"));
  EXPECT_THAT(gpu_options(false, devices, {}), ElementsAre("--device", "/dev/nvidia0", "--device", "/dev/nvidiactl"));
  EXPECT_THAT(gpu_options(false, {"kfd", "dri"}, {}), ElementsAre("--device", "/dev/kfd", "--device", "/dev/dri"));
  EXPECT_TRUE(gpu_options(true, {"null"}, {"other.yaml"}).empty());
}

TEST(Container, ACommandHasNoValueOfAVariableButTheMachinesOwn) {
  model::ContainerDefinition container;
  container.arguments = {"--cap-add", "SYS_PTRACE"};
  const Words prefix =
      container_prefix({{"/usr/bin/podman", "--runtime", "/sbin/runc"}, {"--ulimit", "nofile=9:9"}, {}}, container, "sha", {"/e"});
  EXPECT_EQ(prefix.back(), "sha");
  EXPECT_THAT(runtime_of(prefix), ElementsAre("/usr/bin/podman", "--runtime", "/sbin/runc"));
  EXPECT_THAT(prefix, testing::Contains("--ipc=host"));
  ContainerEntry entry{"group", "/r/1.id", "/r", {"/r", "/sdk:ro"}, {{"MUSTER_RUN_TOKEN", "mj_hidden"}, {"PATH", "/e/bin:/bin"}}};
  const Words command = container_command(prefix, entry, {"python", "train.py"});
  EXPECT_THAT(
      Words(command.begin(), command.begin() + 18),
      ElementsAre("/usr/bin/podman", "--runtime", "/sbin/runc", "run", "--label", "muster.group=group", "--cidfile", "/r/1.id", "--workdir",
                  "/r", "--volume", "/r:/r", "--volume", "/sdk:/sdk:ro", "--env", "MUSTER_RUN_TOKEN", "--env", "PATH=/e/bin:/bin"));
  EXPECT_THAT(Words(command.end() - 5, command.end()), ElementsAre("--cap-add", "SYS_PTRACE", "sha", "python", "train.py"));
  EXPECT_THAT(command, Not(testing::Contains(testing::HasSubstr("hidden"))));
  const auto variables = client_variables({{"PATH", "/bin"}, {"HOME", "/root"}, {"MUSTER_TOKEN", "mu_"}}, entry.variables);
  EXPECT_EQ(variables, (std::map<std::string, std::string>{{"PATH", "/bin"}, {"HOME", "/root"}, {"MUSTER_RUN_TOKEN", "mj_hidden"}}));
}

TEST(Container, SharedMemoryIsTheMachinesUnlessASizeIsGiven) {
  model::ContainerDefinition container;
  container.shm_size_bytes = 1 << 20;
  const Words prefix = container_prefix({{"docker"}, {}, {}}, container, "i", {});
  EXPECT_THAT(prefix, testing::Contains("--shm-size=1048576"));
  EXPECT_THAT(prefix, Not(testing::Contains("--ipc=host")));
  EXPECT_THAT(prefix, Not(testing::Contains("--user"))) << "podman's words for the server's own account";
}

TEST(Container, ADockerfileThatFailedNamesItsStep) {
  EXPECT_EQ(
      failed_step("STEP 1/3: FROM x\nSTEP 2/3: RUN false\nError: building at STEP \"RUN false\": while running runtime: exit status 1\n"),
      "step 2/3 (RUN false): exit status 1");
  EXPECT_EQ(failed_step("Step 2/2 : RUN false\nThe command '/bin/sh -c false' returned a non-zero code: 1"), "step 2/2 (RUN false): 1");
  EXPECT_EQ(failed_step("Error: no such file"), std::nullopt);
  EXPECT_THAT(dockerfile_lines("# a\nFROM  x \n\n\tRUN y\r\n"), ElementsAre("FROM  x", "RUN y"));
}

}  // namespace
}  // namespace muster::environment
