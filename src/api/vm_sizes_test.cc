#include "api/vm_sizes.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::api {
namespace {

constexpr const char* kFile = R"(
# of the cluster in the cellar
STANDARD_NC6: {partition: gpu, constraint: k80, memory: 40G}
Standard_D2_v2: {partition: cpu, memory: null}
big: {partition: gpu, gpus: 8}
half: {constraint: v100}
)";

TEST(VmSizes, AreWhatTheFileSaysAndElseWhatAzuresMachinesHave) {
  EXPECT_EQ(*options_of_vm_size(kFile, "Standard_NC6"),
            Json({{"partition", "gpu"}, {"constraint", "k80"}, {"memory", "40G"}, {"cpus", 6}, {"gpus", 1}}));
  EXPECT_EQ(*options_of_vm_size(kFile, "STANDARD_D2_V2"), Json({{"partition", "cpu"}, {"cpus", 2}})) << "null: as much as Slurm gives";
  EXPECT_EQ(*options_of_vm_size(kFile, "big"), Json({{"partition", "gpu"}, {"gpus", 8}}));
}

TEST(VmSizes, AMappingThatIsNotWholeIsRefusedByName) {
  const auto refusal = [](const char* file, const char* size) {
    const auto options = options_of_vm_size(file, size);
    EXPECT_FALSE(options);
    EXPECT_EQ(options.error().errors.at(0).field, "vm_size");
    return options.error().detail + " | " + options.error().hint;
  };
  EXPECT_EQ(refusal(kFile, "half"), "vm_sizes.yaml gives half no partition | half: {partition: gpu}");
  EXPECT_EQ(refusal(kFile, "STANDARD_NC7"),
            "vm_sizes.yaml does not name the size 'STANDARD_NC7' | it has: STANDARD_NC6, Standard_D2_v2, big, half");
  EXPECT_NE(refusal("- a\n", "big").find("it is no mapping"), std::string::npos);
  EXPECT_NE(refusal("a: [", "big").find("not YAML"), std::string::npos);
}

}  // namespace
}  // namespace muster::api
