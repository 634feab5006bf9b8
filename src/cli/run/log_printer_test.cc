#include "cli/run/log_printer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::cli {
namespace {

TEST(LogKind, KnowsThePaths) {
  EXPECT_EQ(log_kind("azureml-logs/70_driver_log.txt"), LogKind::single);
  EXPECT_EQ(log_kind("azureml-logs/70_driver_log_3.txt"), LogKind::ranked);
  EXPECT_EQ(log_kind("azureml-logs/70_driver_log_rank_3.txt"), LogKind::ranked);
  EXPECT_EQ(log_kind("azureml-logs/20_image_build_log.txt"), LogKind::other);
  EXPECT_EQ(log_kind("azureml-logs/70_mpi_log.txt"), LogKind::other);
  EXPECT_EQ(log_kind("logs/train.log"), LogKind::other);
}

class LogPrinterTest : public testing::Test {
 protected:
  std::string out_;
  std::string aside_;
  LogPrinter printer_{[this](std::string_view bytes) { out_ += bytes; }, [this](std::string_view bytes) { aside_ += bytes; }};
};

TEST_F(LogPrinterTest, ASingleLogIsPrintedByteForByte) {
  printer_.print("azureml-logs/70_driver_log.txt", "[rank 0] ", std::string_view("12\r\xFF\0half", 9));
  printer_.finish();
  EXPECT_EQ(out_, std::string("12\r\xFF\0half", 9));
}

TEST_F(LogPrinterTest, LinesOfSeveralRanksStayWhole) {
  printer_.print("azureml-logs/70_driver_log_0.txt", "[rank 0] ", "on");
  printer_.print("azureml-logs/70_driver_log_1.txt", "[rank 1] ", "two\nth");
  printer_.print("azureml-logs/70_driver_log_0.txt", "[rank 0] ", "e\n\n");
  EXPECT_EQ(out_, "[rank 1] two\n[rank 0] one\n[rank 0] \n");
  printer_.finish();
  EXPECT_EQ(out_, "[rank 1] two\n[rank 0] one\n[rank 0] \n[rank 1] th\n");
}

TEST_F(LogPrinterTest, OtherLogsGoAside) {
  printer_.print("azureml-logs/20_image_build_log.txt", "", "building\n");
  EXPECT_EQ(out_, "");
  EXPECT_EQ(aside_, "building\n");
}

TEST(LogLabel, IsTheRank) {
  EXPECT_EQ(log_label(Json{{"rank", 3}}), "[rank 3] ");
  EXPECT_EQ(log_label(Json{{"rank", nullptr}}), "");
}

}  // namespace
}  // namespace muster::cli
