#include "cli/command.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/suggest.h"
#include "cli/terminal/width.h"

namespace muster::cli {
namespace {

/// A small tree with one of everything.
class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    Command& run = root_.noun("run", "Runs");
    Command& submit = run.verb("submit", "Run a script. And more", [] { return Exit::done; });
    submit.option("--script", "FILE", script_, "the script").required();
    submit.option("--tag", "K=V", tags_, "a tag");
    submit.option("--nodes", "N", nodes_, "how many");
    submit.flag("-f,--follow", follow_, "follow");
    submit.after_dashes("ARG", rest_, "the script's own");
    submit.example("muster run submit --script train.py");
    Command& show = run.verb("show", "Show a run", [] { return Exit::done; });
    show.positional("RUN", id_, "the run");
    show.optional_positional("FILE", file_, "a file");
    Command& tag = run.verb("tag", "Tag a run", [] { return Exit::done; });
    tag.positional("RUN", id_, "the run");
    tag.positionals("K=V", tags_, "tags");
    root_.verb("runner", "Hidden", [] { return Exit::done; }).hidden();
  }

  std::string detail(const std::vector<std::string>& words) {
    const auto parsed = parse_command_line(root_, words);
    return parsed ? "" : parsed.error().detail + " | " + parsed.error().hint;
  }

  Command root_{"muster", "The program"};
  std::string script_;
  std::vector<std::string> tags_;
  std::optional<std::int64_t> nodes_;
  bool follow_ = false;
  std::vector<std::string> rest_;
  std::string id_;
  std::string file_;
};

TEST_F(CommandTest, SetsWhatWasTyped) {
  const auto parsed = parse_command_line(
      root_, {"run", "submit", "--script", "train.py", "--tag", "a=1", "--tag=b", "-f", "--nodes", "2", "--", "--x", "--", "run", "[1,2]"});
  ASSERT_TRUE(parsed) << parsed.error().detail;
  EXPECT_EQ(parsed->path, "muster run submit");
  EXPECT_EQ(script_, "train.py");
  EXPECT_EQ(tags_, (std::vector<std::string>{"a=1", "b"}));
  EXPECT_EQ(nodes_, 2);
  EXPECT_TRUE(follow_);
  EXPECT_EQ(rest_, (std::vector<std::string>{"--x", "--", "run", "[1,2]"}));
}

TEST_F(CommandTest, TakesValuesAsTheyAre) {
  ASSERT_TRUE(parse_command_line(root_, {"run", "submit", "--script", "-odd name", "--tag", "[a,b]", "--tag", ""}));
  EXPECT_EQ(script_, "-odd name");
  EXPECT_EQ(tags_, (std::vector<std::string>{"[a,b]", ""}));
}

TEST_F(CommandTest, TakesPositionals) {
  ASSERT_TRUE(parse_command_line(root_, {"run", "show", "birds_1", "logs/x"}));
  EXPECT_EQ(id_, "birds_1");
  EXPECT_EQ(file_, "logs/x");
  ASSERT_TRUE(parse_command_line(root_, {"run", "tag", "r", "a=1", "b=2"}));
  EXPECT_EQ(tags_.size(), 2u);
}

TEST_F(CommandTest, SaysWhatIsWrongAndWhatMayHaveBeenMeant) {
  EXPECT_NE(detail({"rnu"}).find("no command `rnu` | did you mean `run`"), std::string::npos);
  EXPECT_NE(detail({"run", "sumbit"}).find("did you mean `submit`"), std::string::npos);
  EXPECT_NE(detail({"rnu", "--json", "x"}).find("no command `rnu`"), std::string::npos) << "not its options";
  EXPECT_NE(detail({"--server", "x", "rnu"}).find("no option `--server`"), std::string::npos);
  EXPECT_NE(detail({"run", "submit", "--script", "x", "--srcipt", "x"}).find("did you mean `--script`"), std::string::npos);
  EXPECT_NE(detail({"run", "submit"}).find("--script is missing"), std::string::npos);
  EXPECT_NE(detail({"run", "show"}).find("RUN is missing"), std::string::npos);
  EXPECT_NE(detail({"run", "show", "a", "b", "c"}).find("unexpected argument `c`"), std::string::npos);
  EXPECT_NE(detail({"run", "show", "a", "--", "b"}).find("nothing after `--`"), std::string::npos);
  EXPECT_NE(detail({"run", "submit", "--script", "x", "--nodes", "two"}).find("--nodes takes a whole number, not \"two\""),
            std::string::npos);
  EXPECT_NE(detail({"run", "submit", "--script"}), "");
  EXPECT_NE(detail({"run", "submit", "--script", "x", "--script", "y"}), "");
}

// 30: the library's own words ("--script: 1 required  missing", "Could not convert: --json = x") never show.
TEST_F(CommandTest, WrongValuesAreSaidInPlainSentences) {
  const std::string see = " | see `muster run submit --help`";
  const std::string needs = "muster run submit: --script needs a value: --script FILE" + see;
  EXPECT_EQ(detail({"run", "submit", "--script"}), needs);
  EXPECT_EQ(detail({"run", "submit", "--script="}), needs);
  EXPECT_EQ(detail({"run", "submit", "--script", "x", "--nodes"}), "muster run submit: --nodes needs a value: --nodes N" + see);
  EXPECT_EQ(detail({"run", "submit", "--script", ""}), "muster run submit: --script is empty" + see);
  EXPECT_EQ(detail({"run", "submit", "--script", "x", "--follow=x"}), "muster run submit: --follow takes no value" + see);
  EXPECT_NE(detail({"run", "submit", "--script", "x", "-fx"}).find("there is no option `-x`"), std::string::npos);
  EXPECT_EQ(detail({"run", "show", ""}), "muster run show: RUN is empty | see `muster run show --help`");
  EXPECT_EQ(detail({"run", ""}), "muster run: one argument is empty | see `muster run --help`");
  EXPECT_EQ(detail({""}), "muster: one argument is empty | see `muster --help`");
  EXPECT_EQ(detail({"run", "show", "a", "b c", "d e"}), "muster run show: unexpected argument `d e` | see `muster run show --help`");
}

TEST_F(CommandTest, WhatIsNotUtf8IsRefusedByName) {
  const std::string bytes = "\xff\xfe";
  EXPECT_EQ(detail({"run", "submit", "--script", "x", "--tag", bytes}).substr(0, 30), "muster run submit: --tag: \"\uFFFD");
  EXPECT_NE(detail({"run", "submit", "--script", "x", "--", "a", bytes}).find("ARG: "), std::string::npos);
  EXPECT_NE(detail({"run", "show", bytes}).find("RUN: "), std::string::npos);
  EXPECT_EQ(detail({"run", "submit", "--script", bytes}), "") << "a file's name is any bytes";
}

TEST_F(CommandTest, AnOptionIsGivenOnce) {
  EXPECT_EQ(detail({"run", "submit", "--script", "a", "--script=b"}),
            "muster run submit: --script may be given once, not 2 times | see `muster run submit --help`");
}

TEST_F(CommandTest, HelpIsForTheDeepestCommandAndNeedsNothingElse) {
  const auto parsed = parse_command_line(root_, {"run", "submit", "--help"});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->wants_help);
  EXPECT_EQ(parsed->path, "muster run submit");
  EXPECT_FALSE(parse_command_line(root_, {"run", "submit", "--script", "x", "--", "--help"})->wants_help);
}

TEST_F(CommandTest, HelpFitsAndHidesWhatIsHidden) {
  const Command& submit = *root_.children()[0]->children()[0];
  for (const std::size_t width : {40u, 60u, 100u}) {
    const std::string help = help_text(submit, "muster run submit", width);
    for (const auto line : split(help, '\n')) {
      if (line.find("muster run submit") != std::string_view::npos) continue;
      EXPECT_LE(display_width(line), width) << line;
    }
  }
  const std::string text = help_text(submit, "muster run submit", 80);
  for (const char* part :
       {"Usage: muster run submit --script FILE [OPTION…] [-- ARG…]", "--tag K=V", "may be repeated", "(required)", "Examples:"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  EXPECT_EQ(help_text(root_, "muster", 80).find("runner"), std::string::npos);
}

TEST_F(CommandTest, CompletionKnowsTheTree) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(root_, shell);
    ASSERT_TRUE(script);
    EXPECT_NE(script->find("submit"), std::string::npos);
    EXPECT_NE(script->find("follow"), std::string::npos);
    EXPECT_EQ(script->find("runner"), std::string::npos);
  }
  EXPECT_EQ(completion_script(root_, "tcsh").error().code, Code::invalid);
}

TEST_F(CommandTest, BashAcceptsItsScript) {
  const auto script = completion_script(root_, "bash");
  // Typed: muster run sub<Tab>
  const std::string check = *script +
                            "\nCOMP_WORDS=(muster run sub); COMP_CWORD=2; _muster; [ \"${COMPREPLY[*]}\" = submit ]\n"
                            "COMP_WORDS=(muster run submit --sc); COMP_CWORD=3; _muster; [ \"${COMPREPLY[*]}\" = --script ] || exit 1\n"
                            // Files, which bash itself offers: after an option that wants a value, and after --
                            "COMP_WORDS=(muster run submit --script ''); COMP_CWORD=4; _muster; [ ${#COMPREPLY[@]} = 0 ] || exit 1\n"
                            "COMP_WORDS=(muster run submit -- --sc); COMP_CWORD=4; _muster; [ ${#COMPREPLY[@]} = 0 ] || exit 1\n";
  FILE* shell = ::popen("bash -e", "w");
  ASSERT_NE(shell, nullptr);
  std::fputs(check.c_str(), shell);
  EXPECT_EQ(::pclose(shell), 0);
}

TEST(Nearest, IsNearEnoughOrNothing) {
  EXPECT_EQ(nearest("trian.py", {"train.py", "test.py"}), "train.py");
  EXPECT_EQ(nearest("xyz", {"train.py", "test.py"}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), {std::string(100'000, 'b')}), "");
}

}  // namespace
}  // namespace muster::cli
