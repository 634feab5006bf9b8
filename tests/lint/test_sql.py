"""SQL that SQLite alone understands stands in store/dialect.h, store/sqlite/ and the migrations."""

import pathlib
import re

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
STORE = SOURCE / "src" / "store"

# What PostgreSQL does not understand, or means otherwise.
OF_SQLITE = {
    "INDEXED BY": r"\bINDEXED BY\b",
    "CROSS JOIN": r"\bCROSS JOIN\b",
    "INSERT OR …": r"\bINSERT OR\b|\bREPLACE INTO\b|\bUPDATE OR\b",
    "ON CONFLICT without what conflicts": r"\bON CONFLICT DO UPDATE\b",
    "GLOB, and LIKE, which is not case-sensitive": r"\bGLOB\b|\bI?LIKE\b",
    "PRAGMA": r"\bPRAGMA\b|\bVACUUM\b",
    "AUTOINCREMENT": r"\bAUTOINCREMENT\b|\bWITHOUT ROWID\b",
    "rowid": r"\browid\b|\blast_insert_rowid\b|\bchanges\(\)",
    "functions": r"\b(ifnull|iif|json|json_\w+|group_concat|total|instr|printf|hex|typeof|randomblob|zeroblob)\(",
    "times": r"\b(strftime|unixepoch|julianday|datetime)\(",
    "max and min of several": r"\b(max|min)\([^()]*,",
    "a number as a condition": r"\(\? OR\b",
    "schema": r"\bsqlite_\w+",
}
A_STATEMENT = re.compile(r"\b(SELECT|INSERT INTO|INSERT OR|REPLACE INTO|UPDATE|DELETE FROM|VALUES|WHERE|ORDER BY|ON CONFLICT|INDEXED BY|"
                         r"CROSS JOIN)\b")


def texts(source):
    """The string literals of C++ code, those that follow each other as one."""
    code = re.sub(r"^\s*//.*$|\s//[^\"\n]*$", "", source, flags=re.MULTILINE)
    for literals in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', code):
        yield "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', literals))


def statements(source):
    return [text for text in texts(source) if A_STATEMENT.search(text)]


def of_sqlite(source):
    return [(name, text) for text in statements(source) for name, pattern in OF_SQLITE.items() if re.search(pattern, text)]


def portable_files():
    for file in sorted(STORE.rglob("*.[ch]*")):
        if file.name != "dialect.h" and "sqlite" not in file.relative_to(STORE).parts and not file.name.endswith("_test.cc"):
            yield file


def test_statements_are_portable():
    found = {str(file.relative_to(SOURCE)): of_sqlite(file.read_text()) for file in portable_files()}
    assert sum(len(statements(file.read_text())) for file in portable_files()) > 100
    assert {name: words for name, words in found.items() if words} == {}


def test_no_other_room_writes_sql():
    wrong = [(str(file.relative_to(SOURCE)), text) for file in sorted((SOURCE / "src").rglob("*.cc"))
             if STORE not in file.parents and not file.name.endswith("_test.cc")
             for text in texts(file.read_text()) if re.search(r"\b(SELECT .* FROM|INSERT INTO|DELETE FROM) [a-z]", text)]
    assert wrong == []


@pytest.mark.parametrize("line", [
    'run("INSERT OR IGNORE INTO a VALUES (?)", {});', 'query("SELECT x FROM a "\n  "INDEXED BY b WHERE c = ?");',
    '"INSERT INTO a VALUES (?) ON CONFLICT DO UPDATE SET b = 1"', 'fmt::format("WHERE {} LIKE ?", x)', '"SELECT max(a, ?) FROM b"',
    '"SELECT json_extract(a, \'$.b\') FROM c"', '"SELECT last_insert_rowid() FROM a"', '"SELECT a FROM b WHERE (? OR c = ?)"',
    '"SELECT sql FROM sqlite_schema WHERE x"'])
def test_what_sqlite_alone_understands_is_seen(line):
    assert of_sqlite(line) != []


def test_what_both_understand_is_passed_over():
    code = '"SELECT max(a), count(*) FROM b WHERE c = ? ORDER BY d DESC LIMIT ?" // INDEXED BY\nlog("the disk is LIKE VACUUM");'
    assert of_sqlite(code) == []
