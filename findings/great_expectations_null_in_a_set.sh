#!/bin/sh
# With a null among the allowed values, a suite on SQL no longer finds any value that is not allowed.
#
# expect_column_distinct_values_to_be_in_set asks the database for values `not in (…)`. With a null in
# value_set that is unknown for every value, so none is unexpected, and the expectation always passes;
# expect_column_distinct_values_to_equal_set counts 0 unexpected ones as well, and
# expect_column_distinct_values_to_contain_set fails though the column has nulls. On pandas the first
# is right. expect_column_values_to_be_in_set leaves the null out, and is right on both. GX 1.24.1.
# Hurt: suites that write an optional code as [male, female, null], as YAML and JSON invite one to.
# Right reading: "ghost" is neither male nor female, and nulls are no values, as GX documents.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import logging
import os
import sqlite3
import sys

os.environ["GX_ANALYTICS_ENABLED"] = "false"
import great_expectations as gx
import pandas as pd

logging.disable()
people = pd.DataFrame({"sex": ["male", "female", "ghost", None]})
with sqlite3.connect("people.db") as con:
    people.to_sql("person", con, index=False)
con.close()
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False, "metric_calculations": False}
table = context.data_sources.add_sqlite("sql", connection_string="sqlite:///people.db")
frame = context.data_sources.add_pandas("pandas").add_dataframe_asset("person")
batches = {
    "sqlite": table.add_table_asset("person").add_batch_definition_whole_table("all").get_batch(),
    "pandas": frame.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": people}),
}
KINDS = (
    gx.expectations.ExpectColumnValuesToBeInSet,
    gx.expectations.ExpectColumnDistinctValuesToBeInSet,
)
print("great_expectations", gx.__version__)
found = []
for engine, batch in batches.items():
    for kind in KINDS:
        for allowed in (["male", "female"], ["male", "female", None]):
            expectation = kind(column="sex", value_set=allowed)
            suite = gx.ExpectationSuite(name=f"{engine}{len(found)}", expectations=[expectation])
            passes = bool(batch.validate(suite).results[0].success)
            print(f"{engine}: {kind.__name__} {allowed}:", "passes" if passes else "fails")
            found.append(passes)
sys.exit(0 if found == [False, False, False, True] + [False] * 4 else 1)
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check great_expectations==1.24.1 'sqlalchemy<2.1' 'pandas<3'
cd "$folder" && venv/bin/python try.py 2> errors || { cat errors; exit 1; }
