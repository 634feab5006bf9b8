#include "model/printed_exception.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/text.h"
#include "support/golden.h"

namespace muster::model {
namespace {

using test::golden_folder;

Json to_json(const std::optional<PrintedException>& exception) {
  if (!exception) return {};
  return {{"type", exception->type}, {"message", exception->message}, {"traceback", exception->traceback}};
}

// Each log is what a real program printed; beside it stands what is to be found in it.
TEST(FindException, AgreesWithTheGoldens) {
  for (const auto& log : test::golden_files(golden_folder() / "exceptions", ".log")) {
    SCOPED_TRACE(log.filename().string());
    test::expect_golden(std::filesystem::path(log).replace_extension(".json"), to_json(find_exception(test::read_golden(log))));
  }
}

TEST(FindException, TakesTheChainsLastAndKeepsTheWholeChain) {
  const auto found = find_exception(test::read_golden(golden_folder() / "exceptions" / "chained_python36.log"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, "FileNotFoundError");
  EXPECT_EQ(found->message, "[Errno 2] No such file or directory: '/nowhere'");
  EXPECT_TRUE(found->traceback.starts_with("Traceback (most recent call last):\n  File \"chain.py\", line 3, in load"));
  EXPECT_NE(found->traceback.find("KeyError: 'lr'"), std::string::npos);
  EXPECT_NE(found->traceback.find("no learning rate\ngive --lr"), std::string::npos);
}

TEST(FindException, NamesTheWorkerAndNotTheLauncher) {
  const auto found = find_exception(test::read_golden(golden_folder() / "exceptions" / "torchrun.log"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->type, "ValueError");
  EXPECT_EQ(found->message, "labels out of range");
}

TEST(FindException, FindsNothingInOrdinaryOutput) {
  EXPECT_FALSE(find_exception(""));
  EXPECT_FALSE(find_exception("epoch 1\nloss: 0.5\nValueError: said by the script itself\n"));
  EXPECT_FALSE(find_exception("  indented\nvalue: 3\n"));
}

TEST(FindException, BoundsTheTraceback) {
  std::string log = "Traceback (most recent call last):\n";
  for (int i = 0; i < 20'000; ++i) log += "  File \"/job/deep.py\", line 1, in f\n";
  log += "RuntimeError: deep\n";
  const auto found = find_exception(log);
  ASSERT_TRUE(found);
  EXPECT_LE(found->traceback.size(), (64u << 10) + 10);
  EXPECT_TRUE(found->traceback.ends_with("RuntimeError: deep\n"));
  EXPECT_EQ(found->message, "deep");
}

RC_GTEST_PROP(FindException, IsFoundWhateverStandsBefore, (const std::string& before, const std::string& word)) {
  const std::string log = before +
                          "\nTraceback (most recent call last):\n  File \"/job/train.py\", line 3, in <module>\n    main()\nValueError: x" +
                          to_hex(word) + "\n";
  const auto found = find_exception(log);
  RC_ASSERT(found.has_value());
  RC_ASSERT(found->type == "ValueError");
  RC_ASSERT(found->message == "x" + to_hex(word));
}

// Lines of the kinds that the reader knows, in any order and cut anywhere: it must come to an end, stay inside its bytes and answer in
// UTF-8.
RC_GTEST_PROP(FindException, NeverCrashes, (const std::vector<std::uint8_t>& choices)) {
  const std::vector<std::string> lines{"Traceback (most recent call last):",
                                       "  File \"a.py\", line 1, in f",
                                       "    f()",
                                       "ValueError: x",
                                       "",
                                       "KeyError",
                                       "  + Exception Group Traceback (most recent call last):",
                                       "  | ExceptionGroup: y (1)",
                                       "    +---",
                                       "[rank0]: ",
                                       "During handling of the above exception, another exception occurred:",
                                       "terminate called after '",
                                       "\xFF\xFE: z",
                                       "terminate called after throwing an instance of 'a",
                                       "  what():  b",
                                       "Fatal Python error: Aborted",
                                       "[1,2]<stderr>:",
                                       "╭─ Traceback (most recent call last) ─╮",
                                       "│",
                                       "╰",
                                       "libc++abi: terminating due to of type ",
                                       "\r",
                                       "Thread 0x1",
                                       "Original Traceback (most recent call last):",
                                       "Exception ignored in: f",
                                       "SyntaxError: q",
                                       "+ Exception Group "
                                       "Traceback (most recent call last):"};
  std::string log;
  for (const std::uint8_t choice : choices) {
    log += lines[choice % lines.size()];
    if (choice < 230) log += '\n';
  }
  const auto found = find_exception(log);
  if (found) RC_ASSERT(is_utf8(found->type) && is_utf8(found->message) && is_utf8(found->traceback));
}

TEST(IsCommunicationError, KnowsWhatAPeersDeathLooksLike) {
  const auto is = [](std::string type, std::string message) { return is_communication_error({std::move(type), std::move(message), ""}); };
  EXPECT_TRUE(is("RuntimeError", "[../third_party/gloo/gloo/transport/tcp/pair.cc:534] Connection closed by peer [127.0.0.1]:48391"));
  EXPECT_TRUE(is("RuntimeError", "Connection reset by peer"));
  EXPECT_TRUE(is("torch.distributed.DistBackendError", "anything"));
  EXPECT_TRUE(is("c10::DistBackendError", "anything"));
  EXPECT_TRUE(is("RuntimeError", "NCCL error in: ProcessGroupNCCL.cpp:1191, unhandled system error"));
  EXPECT_TRUE(is("horovod.common.exceptions.HorovodInternalError", "Horovod has been shut down."));
  EXPECT_TRUE(is("ConnectionResetError", "[Errno 104] Connection reset by peer"));
  EXPECT_TRUE(is("BrokenPipeError", "[Errno 32] Broken pipe"));
  EXPECT_FALSE(is("ValueError", "bad shape"));
  EXPECT_FALSE(is("RuntimeError", "mat1 and mat2 shapes cannot be multiplied"));
}

TEST(IsPortInUse, KnowsItByTheWordsAndTheNumber) {
  const auto is = [](std::string message, int port) { return is_port_in_use({"RuntimeError", std::move(message), ""}, port); };
  // PyTorch 2.13; 1.13; asyncio.
  const std::string torch =
      "The server socket has failed to listen on any local network address. port: 6105, useIpv6: false, code: -98, name: EADDRINUSE, "
      "message: address already in use";
  EXPECT_TRUE(is(torch, 6105));
  EXPECT_FALSE(is(torch, 6106));
  EXPECT_FALSE(is(torch, 610));
  EXPECT_FALSE(is(torch, 105));
  EXPECT_TRUE(
      is("The server socket has failed to listen on any local network address. The server socket has failed to bind to [::]:6105 (errno: "
         "98 - Address "
         "already in use).",
         6105));
  EXPECT_TRUE(is("[Errno 98] error while attempting to bind on address ('0.0.0.0', 6105): address already in use", 6105));
  EXPECT_TRUE(is("6105: Address already in use", 6105));
  EXPECT_FALSE(is("connection refused by port 6105", 6105));
  EXPECT_FALSE(is("[Errno 98] Address already in use", 6105)) << "it may be any port";
}

}  // namespace
}  // namespace muster::model
