#include "model/names.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <regex>

namespace muster::model {
namespace {

TEST(Names, SayWhatIsWrong) {
  EXPECT_EQ(experiment_name_fault("pytorch-birds"), std::nullopt);
  EXPECT_EQ(*experiment_name_fault("a/b"),
            "must be 1 to 255 characters long, of letters, digits, '_', '-', a letter or a digit first: it has a '/'");
  EXPECT_NE(experiment_name_fault(std::string(300, 'a'))->find("it has 300 characters"), std::string::npos);
  EXPECT_NE(experiment_name_fault("")->find("it is empty"), std::string::npos);
  EXPECT_NE(experiment_name_fault("-a")->find("it starts with '-'"), std::string::npos);
  EXPECT_NE(experiment_name_fault("a b")->find("it has a character outside printable ASCII"), std::string::npos);
}

TEST(Names, EachKindHasItsOwnRule) {
  EXPECT_EQ(compute_name_fault("gpu-cluster"), std::nullopt);
  EXPECT_NE(compute_name_fault("a"), std::nullopt);
  EXPECT_NE(compute_name_fault("1gpu"), std::nullopt);
  EXPECT_NE(compute_name_fault("gpu_cluster"), std::nullopt);
  EXPECT_NE(compute_name_fault(std::string(17, 'a')), std::nullopt);
  EXPECT_EQ(model_name_fault("birds.v1_x-2"), std::nullopt);
  EXPECT_NE(model_name_fault("birds/v1"), std::nullopt);
  EXPECT_EQ(workspace_name_fault("default"), std::nullopt);
  EXPECT_NE(workspace_name_fault("ws"), std::nullopt);
  EXPECT_EQ(environment_name_fault("AzureML-PyTorch-1.6-GPU"), std::nullopt);
  EXPECT_EQ(user_name_fault("ada.l@example.org"), std::nullopt);
  EXPECT_NE(user_name_fault("ada l"), std::nullopt);
  EXPECT_NE(user_name_fault(std::string(65, 'a')), std::nullopt);
  EXPECT_EQ(variable_name_fault("_X1"), std::nullopt);
  EXPECT_NE(variable_name_fault("1X"), std::nullopt);
  EXPECT_NE(variable_name_fault("A-B"), std::nullopt);
}

TEST(Names, TagsMayHoldAnyTextWithinLimits) {
  EXPECT_EQ(tag_fault("größe", "L \n 鳥"), std::nullopt);
  EXPECT_EQ(tag_fault(std::string(255, 'k'), std::string(5000, 'v')), std::nullopt);
  EXPECT_NE(tag_fault("", "v"), std::nullopt);
  EXPECT_NE(tag_fault(std::string(256, 'k'), "v"), std::nullopt);
  EXPECT_NE(tag_fault("k", std::string(5001, 'v')), std::nullopt);
  EXPECT_NE(tag_fault("a\nb", "v"), std::nullopt);
  EXPECT_NE(tag_fault("k", std::string("a\0b", 3)), std::nullopt);
}

RC_GTEST_PROP(Names, AgreeWithTheirExpression, (const std::string& name)) {
  static const std::regex experiment("^[a-zA-Z0-9][a-zA-Z0-9_\\-]{0,254}$");
  static const std::regex compute("^[a-zA-Z][a-zA-Z0-9\\-]{1,15}$");
  RC_ASSERT(experiment_name_fault(name).has_value() == !std::regex_match(name, experiment));
  RC_ASSERT(compute_name_fault(name).has_value() == !std::regex_match(name, compute));
}

}  // namespace
}  // namespace muster::model
