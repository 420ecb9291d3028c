#!/bin/sh
# DuckDB: an Arrow reader ends early, without a word, once its connection runs another statement.
#
# `con.sql(…).to_arrow_reader()` gives a reader that fetches as it is read. In DuckDB 1.5.6 (1.5.5
# too) any other statement on that connection ends it: the reader then says that it is at its end. A
# loop over its batches that writes a log row or asks for a count on the way stops after the first
# batch, as if the table were no longer; a reader not begun gives no row. DuckDB 2.0.1 refuses the statement.
# Arrow's C stream interface ("get_next"): the end of a stream is told apart from an error.
# Hurt: who copies a large table out in batches, and does anything else on the connection meanwhile.
# Right reading: a cursor of its own for each reader (`con.cursor()`), and a count of rows to compare.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 1.5.6 2.0.1; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "duckdb==$version" "pyarrow==26.0.1"
  "$folder/$version/bin/python" - <<'PY'
import duckdb


def read(meanwhile: bool, begun: bool) -> str:
    con = duckdb.connect()
    reader = con.sql("select range as n from range(1000000)").to_arrow_reader(1000)
    rows = reader.read_next_batch().num_rows if begun else 0
    try:
        if meanwhile:
            con.execute("select 1").fetchall()
        return str(rows + sum(batch.num_rows for batch in reader))
    except Exception as error:
        return type(error).__name__


came = {
    "alone": read(meanwhile=False, begun=True),
    "another statement before": read(meanwhile=True, begun=False),
    "another statement after a batch": read(meanwhile=True, begun=True),
}
print("duckdb", duckdb.__version__, came)
assert came["alone"] == "1000000"
first, second = list(came.values())[1:]
if duckdb.__version__ == "1.5.6":
    assert (first, second) == ("0", "1000")
else:
    assert not first.isdigit() and not second.isdigit()
PY
done
