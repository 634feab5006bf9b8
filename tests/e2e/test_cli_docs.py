"""docs/cli.md against the program itself: no command or option that only one of them knows."""

import re

from muster_program import SOURCE

TEXT = (SOURCE / "docs" / "cli.md").read_text()
COMMON = {"--help", "--json", "--server", "--workspace"}


def commands(muster):
    """{"run submit": {"--script", …}, …}, as the completion of shells knows them."""
    script = muster("completion", "bash").stdout
    known = {path: set(words.split()) for path, words in re.findall(r"^    '(.*?)'\) known='(.*?)'", script, re.MULTILINE)}
    assert "run submit" in known and "--script" in known["run submit"]
    return known


def test_every_command_and_option_is_in_the_docs(muster):
    missing = []
    for path, words in commands(muster).items():
        verb = path.rsplit(" ", 1)[-1]
        if not re.search(r"\b%s\b" % re.escape(path), TEXT) and not re.search(r"[·`] ?`?%s\b" % re.escape(verb), TEXT):
            missing.append(path)
        missing += ["%s %s" % (path, word) for word in words - COMMON
                    if word.startswith("--") and not re.search(re.escape(word) + r"(?![\w-])", TEXT)]
    assert sorted(missing) == []


def test_every_option_in_the_docs_is_some_commands(muster):
    known = set().union(*commands(muster).values())
    ours = re.sub(r"```.*?```|-- --\S+|`\./simulate[^`]*`", "", TEXT, flags=re.DOTALL)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", ours)) - known == set()
