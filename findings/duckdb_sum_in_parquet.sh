#!/bin/sh
# What DuckDB sums up exactly, it writes to Parquet as a rounded number.
#
# sum() over integers is a HUGEINT, of 128 bits. Parquet has no such type, and COPY writes DOUBLE
# without a word: above 2^53 the last digits go. DuckDB's own reader then gives the rounded number.
# Arrow output of the same query is decimal(38, 0), which keeps every digit. DuckDB 1.5.6 and 2.0.1.
# Hurt: checksums of keys or hashes that two nights are compared by (a changed row leaves the sum as
# it was), totals in cents or microlitres, and numbers of records that a view has added up.
# Right reading: cast before COPY, to decimal(38, 0), or to bigint, which fails if it overflows.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import sys

import duckdb

con = duckdb.connect()
print("duckdb", duckdb.__version__)
read = []
for last in (1, 2):
    con.execute(f"create or replace table record as select unnest([9007199254740991, {last}]) as key")
    (exact,) = con.execute("select sum(key) from record").fetchone()
    con.execute("copy (select sum(key) as checksum from record) to 'checksum.parquet'")
    kind, kept = con.execute("select typeof(checksum), checksum::hugeint from 'checksum.parquet'").fetchone()
    print(f"key {last}: sum {exact}, in Parquet {kind} {kept}")
    read.append((kind, int(kept), exact == int(kept)))
expected = [("DOUBLE", 9007199254740992, True), ("DOUBLE", 9007199254740992, False)]
sys.exit(0 if read == expected else 1)
PY
for version in 1.5.6 2.0.1; do
  python3 -m venv "$folder/$version"
  "$folder/$version/bin/pip" install --quiet --disable-pip-version-check "duckdb==$version"
  (cd "$folder" && "$folder/$version/bin/python" "$folder/try.py")
done
