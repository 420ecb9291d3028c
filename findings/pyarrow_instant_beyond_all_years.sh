#!/bin/sh
# Arrow: an instant beyond all years becomes another one as text.
#
# DuckDB and PostgreSQL write `infinity` of a timestamp with time zone to Parquet as the largest
# number of microseconds. pyarrow 26.0.1 casts it to "32103-01-10 04:00:54.775807Z", a date that is
# 262,000 years too early, and without a word. Without a zone it says "<value out of range: …>".
# Parquet's format ("Logical types", TIMESTAMP): the number counts from 1970-01-01T00:00:00 UTC.
# Hurt: an end without end ("valid until infinity") lands as a day in the year 32103.
# Right reading: look at the number before it becomes text, or take the zone off by a view.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet --disable-pip-version-check "pyarrow==26.0.1" "duckdb==1.5.6"
"$folder/v/bin/python" - "$folder/a.parquet" <<'PY'
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

endless = "select 'infinity'::timestamptz as instant, 'infinity'::timestamp as moment"
duckdb.sql(f"copy ({endless}) to '{sys.argv[1]}' (format parquet)")
table = pq.read_table(sys.argv[1])
print("pyarrow", pa.__version__)
came = {name: table[name].cast(pa.string())[0].as_py() for name in table.column_names}
for name, text in came.items():
    print(f"{name:8} {table[name].type!s:22} {table[name].cast(pa.int64())[0]} → {text}")
assert came["instant"] == "32103-01-10 04:00:54.775807Z"
assert came["moment"].startswith("<value out of range")
PY
