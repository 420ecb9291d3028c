#!/bin/sh
# A suite asks for two quantiles of one column: the second is answered with the first one's value.
#
# expect_column_quantile_values_to_be_between computes a metric that is kept for the whole validation
# under a name in which the quantiles do not stand. A second expectation of the suite on the same
# column gets the first one's values, and reports them as its own: what fails alone passes in the
# suite, and the reverse. With another number of quantiles it ends in an error instead. The order of
# the expectations decides. GX 1.24.1, on SQL and on pandas alike.
# Hurt: suites that watch both ends of a distribution (stay, blood loss, turnaround of a laboratory).
# Right reading: of the numbers 1 to 100, the 90 % quantile is about 90, whatever else is asked.
# Until that is mended, ask for all quantiles of a column in one expectation.
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
stays = pd.DataFrame({"days": range(1, 101)})
with sqlite3.connect("stays.db") as con:
    stays.to_sql("stay", con, index=False)
con.close()
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {"globally": False, "metric_calculations": False}
table = context.data_sources.add_sqlite("sql", connection_string="sqlite:///stays.db")
frame = context.data_sources.add_pandas("pandas").add_dataframe_asset("stay")
batches = {
    "sqlite": table.add_table_asset("stay").add_batch_definition_whole_table("all").get_batch(),
    "pandas": frame.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": stays}),
}


def expected(quantile, low, high):
    ranges = {"quantiles": [quantile], "value_ranges": [[low, high]]}
    return gx.expectations.ExpectColumnQuantileValuesToBeBetween(column="days", quantile_ranges=ranges)


tenth, ninth, wrong = (0.1, 5, 15), (0.9, 85, 95), (0.9, 5, 15)
print("great_expectations", gx.__version__)
found = []
for engine, batch in batches.items():
    for asked in ((ninth,), (tenth, ninth), (wrong,), (tenth, wrong)):
        suite = gx.ExpectationSuite(name=f"{engine}{len(found)}", expectations=[expected(*one) for one in asked])
        last = batch.validate(suite).results[-1]
        quantile, low, high = asked[-1]
        print(
            f"{engine}: {quantile} within {low}..{high}, {'alone' if len(asked) == 1 else 'after 0.1'}:",
            "passes," if last.success else "fails,", last.result["observed_value"],
        )
        found.append(bool(last.success))
sys.exit(0 if found == [True, False, False, True] * 2 else 1)
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check great_expectations==1.24.1 'sqlalchemy<2.1' 'pandas<3'
cd "$folder" && venv/bin/python try.py 2> errors || { cat errors; exit 1; }
