"""A home as an earlier version of Muster left it."""

import os
import sqlite3

from muster_program import SOURCE


def make_older(home, version):
    """Puts in place of the home's database one with the schema of `version`, and of each row what that schema has of it."""
    database = home / "muster.db"
    older = home / "older.db"
    connection = sqlite3.connect(str(older), isolation_level=None)
    for migration in sorted((SOURCE / "src" / "store" / "migrations").glob("*.sql"))[:version]:
        connection.executescript(migration.read_text())
    connection.execute("CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT")
    connection.execute("ATTACH ? AS newer", (str(database),))
    connection.execute("BEGIN")
    tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    kept = {name for name, in connection.execute("SELECT name FROM newer.sqlite_master WHERE type = 'table'")}
    for table, in tables:
        if table not in kept:  # Another took its place since then.
            continue
        columns = [row[1] for row in connection.execute("PRAGMA main.table_info(%s)" % table)]
        known = {row[1] for row in connection.execute("PRAGMA newer.table_info(%s)" % table)}
        values = [name if name in known else "'older'" for name in columns]  # What is kept elsewhere since then.
        connection.execute("DELETE FROM main.%s" % table)
        connection.execute("INSERT INTO main.%s (%s) SELECT %s FROM newer.%s" % (table, ", ".join(columns), ", ".join(values), table))
    connection.execute("UPDATE main.schema_version SET version = ?", (version,))
    connection.execute("COMMIT")
    connection.close()
    os.replace(str(older), str(database))
    for suffix in ["-wal", "-shm"]:
        if os.path.exists(str(database) + suffix):
            os.unlink(str(database) + suffix)
