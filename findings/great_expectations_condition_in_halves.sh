#!/bin/sh
# Great Expectations reads the first half of a row condition, and leaves the second out in silence.
#
# great_expectations 1.24.1, condition_parser="great_expectations": of
# `col("x") > 1 and col("y") > 2` only `col("x") > 1` is applied. No error, no warning; the other
# order gives another answer. Its own Condition objects, joined by `&`, are read whole.
# Hurt: suites that were moved from pandas' or Spark's conditions, where `and` is right: an
# expectation fails on rows that it is not about, or passes because it looks at none of its own.
# Right reading: both halves, or an error that says that one condition is all there may be.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet --disable-pip-version-check "great-expectations==1.24.1"
cd "$folder"
TQDM_DISABLE=1 GX_ANALYTICS_ENABLED=false "$folder/v/bin/python" -W ignore - 2>/dev/null <<'PY'
import great_expectations as gx
import pandas as pd
from great_expectations.expectations.row_conditions import Column

frame = pd.DataFrame({"x": [2, 2, 2], "y": [1, 1, 9], "z": [None, None, 1.0]})
source = gx.get_context(mode="ephemeral").data_sources.add_pandas("p").add_dataframe_asset("a")
batch = source.add_batch_definition_whole_dataframe("w").get_batch({"dataframe": frame})


def rows(condition, **parser):
    expectation = gx.expectations.ExpectColumnValuesToNotBeNull(
        column="z", row_condition=condition, **parser
    )
    return batch.validate(expectation).result["element_count"]


words = {"condition_parser": "great_expectations"}
came = {
    "x first": rows('col("x") > 1 and col("y") > 2', **words),
    "y first": rows('col("y") > 2 and col("x") > 1', **words),
    "objects": rows((Column("x") > 1) & (Column("y") > 2)),
}
print("great_expectations", gx.__version__, "- rows looked at, 1 meets both halves:", came)
assert came == {"x first": 3, "y first": 1, "objects": 1}
PY
