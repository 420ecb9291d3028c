#!/bin/sh
# The log-rank test of lifelines takes patients without a group for a group of their own.
#
# lifelines 0.30.3, multivariate_logrank_test: three patients whose group is None or NaN give a
# second degree of freedom, in silence, and change the test of the other two groups.
# Hurt: tests over strata that some records do not say (grade, stage, site).
# Right reading: R's survdiff leaves them out (na.action = na.omit); so does every test here.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet --disable-pip-version-check "lifelines==0.30.3" "pandas==2.3.3"
"$folder/v/bin/python" -W ignore - <<'PY'
import lifelines
from lifelines.statistics import multivariate_logrank_test as test

print("lifelines", lifelines.__version__)
time, died = list(range(1, 10)), [1] * 9
for missing in (None, float("nan")):
    group = ["a"] * 3 + ["b"] * 3 + [missing] * 3
    whole, known = test(time, group, died), test(time[:6], group[:6], died[:6])
    print(f"missing as {missing}: df {whole.degrees_of_freedom}, p {whole.p_value:.4f};", end=" ")
    print(f"known alone: df {known.degrees_of_freedom}, p {known.p_value:.4f}")
    assert (whole.degrees_of_freedom, known.degrees_of_freedom) == (2, 1)
    assert abs(whole.p_value - known.p_value) > 0.01
PY
