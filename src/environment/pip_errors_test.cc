#include "environment/pip_errors.h"

#include <gtest/gtest.h>

namespace muster::environment {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(PipErrors, APackageThatIsNotThere) {
  const Error error = explain_pip_failure(
      "Looking in links: /opt/wheels\n"
      "ERROR: Could not find a version that satisfies the requirement nosuch==1 (from versions: none)\n"
      "ERROR: No matching distribution found for nosuch==1\n");
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(
      error.detail,
      "the package 'nosuch==1' could not be installed: Could not find a version that satisfies the requirement nosuch==1 (from versions: "
      "none)");
  EXPECT_EQ(error.hint, "") << "the run's error names the log";
}

TEST(PipErrors, PipsOlderWords) {
  const Error error = explain_pip_failure(
      "  Could not find a version that satisfies the requirement nosuch (from versions: )\n"
      "No matching distribution found for nosuch\n");
  EXPECT_TRUE(has(error.detail, "the package 'nosuch' could not be installed"));
}

TEST(PipErrors, AWheelThatDoesNotBuild) {
  const Error error = explain_pip_failure(
      "  error: subprocess-exited-with-error\n  × python setup.py bdist_wheel did not run successfully.\n"
      "  ERROR: Failed building wheel for horovod\nFailed to build horovod\nERROR: Could not build wheels for horovod, which is "
      "required\n");
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_TRUE(has(error.detail, "the package 'horovod'"));
}

TEST(PipErrors, APackageNameThatIsNone) {
  const Error error = explain_pip_failure("ERROR: Invalid requirement: '=what=' (from line 1 of requirements.txt)\n");
  EXPECT_TRUE(has(error.detail, "the package '=what='"));
}

TEST(PipErrors, ConflictingRequirements) {
  const Error error = explain_pip_failure(
      "ERROR: Cannot install six==1.15 and six==1.16 because these package versions have conflicting dependencies.\n"
      "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/\n");
  EXPECT_TRUE(has(error.detail, "the package 'six==1.15'"));
  EXPECT_TRUE(has(error.detail, "conflicting dependencies"));
}

TEST(PipErrors, NoIndexAndNoRoomAreSomethingElse) {
  EXPECT_EQ(explain_pip_failure(
                "WARNING: Retrying … Failed to establish a new connection: [Errno 111]\nERROR: No matching distribution found for six\n")
                .code,
            Code::timeout)
      << "it may go well at the next ask";
  EXPECT_EQ(explain_pip_failure("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n").code,
            Code::disk_full);
}

TEST(PipErrors, AnyBytes) {
  EXPECT_TRUE(has(explain_pip_failure("").detail, "pip said nothing"));
  EXPECT_TRUE(has(explain_pip_failure("something\nlast words\n\n").detail, "last words"));
  EXPECT_TRUE(has(explain_pip_failure("ERROR: \xFF\xFE\n").detail, "\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace muster::environment
