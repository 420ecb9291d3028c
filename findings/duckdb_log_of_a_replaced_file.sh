#!/bin/sh
# A database that is renamed over another one inherits the other's write-ahead log.
#
# DuckDB keeps uncommitted pages of FILE in FILE.wal, found by name. A writer that holds the old
# file open leaves its log beside the new one. The next reader replays it onto the new database:
# - 1.5.6 says nothing, and read-only readers see the old writer's values in the new tables;
# - 2.0.1 refuses: "WAL does not match database file".
# Hurt: whoever publishes a mart by renaming, which is atomic for every other kind of file, while
# somebody has the last one open for writing.
# Right reading: the new file's own rows. Give every build a name of its own, and switch a link.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import os
import subprocess
import sys

import duckdb

MAKE = (
    "import duckdb, sys; con = duckdb.connect(sys.argv[1]);"
    " con.execute(f'create table mart as select {sys.argv[2]} as figure from range(3)'); con.close()"
)
READ = (
    "import duckdb; con = duckdb.connect('published.duckdb', read_only=True);"
    " print(con.execute('select distinct figure from mart').fetchall())"
)


def run(code, *given):
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[-1:] or [""]


run(MAKE, "published.duckdb", "1")
client = duckdb.connect("published.duckdb")
client.execute("update mart set figure = 99")
run(MAKE, "next.duckdb", "2")
os.replace("next.duckdb", "published.duckdb")
(said,) = run(READ)
print("duckdb", duckdb.__version__, "- written 2, read:", said)
expected = {"1.5.6": "[(99,)]", "2.0.1": "WAL does not match database file"}[duckdb.__version__]
sys.stdout.flush()
os._exit(0 if expected in said else 1)
PY
for version in 1.5.6 2.0.1; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "duckdb==$version"
  mkdir "$folder/in-$version"
  (cd "$folder/in-$version" && "$folder/$version/bin/python" "$folder/try.py")
done
