#!/bin/sh
# An interval that passes through Parquet is bytes to one reader and loses its microseconds in the other.
#
# Parquet's INTERVAL is months, days and milliseconds, each an unsigned whole number of 32 bits.
# - DuckDB 1.5.6 writes its own intervals, which have microseconds, into it and cuts them off without
#   a word: 700 microseconds become nothing. It refuses to write a negative interval.
# - pyarrow 26.0.1 has a type for months, days and nanoseconds, and gives fixed_size_binary[12] all
#   the same; pandas shows the bytes.
# Hurt: whoever keeps lengths of stay or of operations as SQL intervals in Parquet and reads them with
# pandas: a column of bytes, which joins, groups and counts as if it were text.
# Right reading: three little-endian numbers. 1 month, 2 days and 3.25 seconds below.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import struct
import sys

import duckdb
import pyarrow
import pyarrow.parquet

con = duckdb.connect()
con.execute(
    "copy (select interval '1 month 2 days 3.250700 seconds' as stay,"
    " interval '700 microseconds' as blink) to 'stays.parquet'"
)
back = con.execute("select stay::varchar, blink::varchar from 'stays.parquet'").fetchall()
table = pyarrow.parquet.read_table("stays.parquet")
stay = table["stay"][0].as_py()
print("duckdb", duckdb.__version__, "- written 3.250700 s and 700 us, read:", back)
print("pyarrow", pyarrow.__version__, "- type:", table["stay"].type, "- value:", stay)
print("as months, days, milliseconds:", struct.unpack("<3I", stay))
expected = (
    back == [("1 month 2 days 00:00:03.25", "00:00:00")]
    and str(table["stay"].type) == "fixed_size_binary[12]"
    and struct.unpack("<3I", stay) == (1, 2, 3250)
)
sys.exit(0 if expected else 1)
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "duckdb==1.5.6" "pyarrow==26.0.1"
cd "$folder"
"$folder/venv/bin/python" try.py
