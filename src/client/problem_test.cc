#include "client/problem.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace muster::client {
namespace {

TEST(Problem, BecomesTheErrorItWas) {
  const Error error =
      error_of({.status = 422,
                .headers = {},
                .body = R"({"code": "invalid", "detail": "no", "hint": "do", "errors": [{"field": "f", "detail": "d", "hint": "h"}, 5]})"});
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(error.detail, "no");
  EXPECT_EQ(error.hint, "do");
  ASSERT_EQ(error.errors.size(), 1u);
  EXPECT_EQ(error.errors[0].field, "f");
}

TEST(Problem, AnAnswerFromSomebodyElseIsStillReadable) {
  const Error error = error_of({.status = 502, .headers = {}, .body = "<html>bad \xFF gateway"});
  EXPECT_EQ(error.code, Code::unavailable) << "it is tried again";
  EXPECT_NE(error.detail.find("502"), std::string::npos);
  EXPECT_NE(error.detail.find("gateway"), std::string::npos);
  EXPECT_EQ(error_of({.status = 404, .headers = {}, .body = "[]"}).code, Code::not_found);
  EXPECT_EQ(error_of({.status = 418, .headers = {}, .body = ""}).code, Code::invalid);
}

TEST(Problem, AnErrorBecomesAProblemAndBack) {
  const Error error{Code::disk_full, "write x: no space", "free some", {{"a", "b", ""}}};
  const Json problem = problem_of(error);
  EXPECT_EQ(problem["status"], 507);
  EXPECT_EQ(problem["code"], "disk_full");
  const Error back = error_of({.status = 507, .headers = {}, .body = dump_json(problem)});
  EXPECT_EQ(back.code, error.code);
  EXPECT_EQ(back.detail, error.detail);
  EXPECT_EQ(back.hint, error.hint);
  EXPECT_EQ(back.errors.at(0).field, "a");
}

}  // namespace
}  // namespace muster::client
