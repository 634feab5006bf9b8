#include "scheduler/run_tokens.h"

#include <gtest/gtest.h>

namespace muster::scheduler {
namespace {

TEST(RunTokens, AGenuineTokenSaysWhoseItIs) {
  const RunTokens tokens("secret");
  for (const TokenHolder holder : {TokenHolder::runner, TokenHolder::job}) {
    const auto named = tokens.genuine(tokens.token(holder, "birds_1_0a", 3));
    ASSERT_TRUE(named);
    EXPECT_EQ(named->holder, holder);
    EXPECT_EQ(named->run_id, "birds_1_0a");
    EXPECT_EQ(named->attempt, 3);
  }
}

TEST(RunTokens, NothingElseIsGenuine) {
  const RunTokens tokens("secret");
  const std::string job = tokens.token(TokenHolder::job, "birds_1_0a", 1);
  const std::string runner = tokens.token(TokenHolder::runner, "birds_1_0a", 1);
  const std::string digits = job.substr(job.rfind('.') + 1);
  for (const std::string& token :
       {std::string(), std::string("mr_"), std::string("mj_a.1.b"), "mr_birds_1_0a.1." + digits, "mj_birds_1_0a.2." + digits,
        "mj_other.1." + digits, job + "0", "mu_" + job.substr(3), RunTokens("another home's").token(TokenHolder::job, "birds_1_0a", 1)})
    EXPECT_FALSE(tokens.genuine(token)) << token;
  EXPECT_NE(digits, runner.substr(runner.rfind('.') + 1));
}

TEST(RunTokens, TheProofKeyIsNoneOfTheTokens) {
  const RunTokens tokens("secret");
  const std::string key = tokens.proof_key("birds_1_0a", 1);
  EXPECT_NE(key, tokens.proof_key("birds_1_0a", 2));
  EXPECT_NE(key, RunTokens("another home's").proof_key("birds_1_0a", 1));
  EXPECT_EQ(tokens.token(TokenHolder::runner, "birds_1_0a", 1).find(key), std::string::npos);
  EXPECT_EQ(tokens.token(TokenHolder::job, "birds_1_0a", 1).find(key), std::string::npos);
}

TEST(RunTokens, ALogsSignatureIsOfThatLogAndTime) {
  const RunTokens tokens("secret");
  const std::string one = tokens.log_signature("uuid", 1, 0, "a", 100);
  EXPECT_EQ(one.size(), 64u);
  EXPECT_EQ(one, tokens.log_signature("uuid", 1, 0, "a", 100));
  for (const std::string& other : {tokens.log_signature("other", 1, 0, "a", 100), tokens.log_signature("uuid", 2, 0, "a", 100),
                                   tokens.log_signature("uuid", 1, 1, "a", 100), tokens.log_signature("uuid", 1, 0, "b", 100),
                                   tokens.log_signature("uuid", 1, 0, "a", 101), RunTokens("else").log_signature("uuid", 1, 0, "a", 100)})
    EXPECT_NE(one, other);
}

}  // namespace
}  // namespace muster::scheduler
