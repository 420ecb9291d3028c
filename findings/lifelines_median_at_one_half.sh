#!/bin/sh
# The median survival of lifelines hangs on a rounding error where the curve passes one half.
#
# lifelines 0.30.3: of 4 patients who die at 1, 2, 3, 4 the median is 2; of 6 who die at 1 to 6 it
# is 4, not 3, as the product of the shares is 0.5000000000000001. So it is for 8, 14, 18, 20, 44
# and more without censoring.
# Hurt: small groups, the ones with wide steps. The median moves by a whole step.
# Right reading: one convention, within a tolerance. R's survival (quantile.survfit) takes the middle
# of the step at one half: 2.5 and 3.5.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet --disable-pip-version-check "lifelines==0.30.3" "pandas==2.3.3"
"$folder/v/bin/python" -W ignore - <<'PY'
import lifelines

print("lifelines", lifelines.__version__)
came = {}
for patients in (4, 6, 8, 10):
    curve = lifelines.KaplanMeierFitter().fit(range(1, patients + 1))
    came[patients] = float(curve.median_survival_time_)
    print(patients, "patients: median", came[patients], "R", patients / 2 + 0.5)
assert came == {4: 2.0, 6: 4.0, 8: 5.0, 10: 5.0}
PY
