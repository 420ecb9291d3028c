#!/bin/sh
# FHIRPath: a moment compared with a day is "not equal" instead of unknown.
#
# fhirpathpy 2.2.4 gives false for `deceasedDateTime = @2012-05-03` and true for `!=` where the
# record holds 2012-05-03T10:00:00+02:00. It gives empty, as it should, for months and days.
# FHIRPath 2.0.0 ("Equals", date and time): where two values agree as far as both are known and one
# is known further, the result is empty.
# Hurt: selections with `!=` or `.not()` keep every patient who died on that day.
# Right reading: empty for both; ask `deceasedDateTime.toDate()`, or compare with the bounds of the day.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/v"
"$folder/v/bin/pip" install --quiet --disable-pip-version-check "fhirpathpy==2.2.4"
"$folder/v/bin/python" -W ignore - <<'PY'
from importlib.metadata import version

from fhirpathpy import evaluate

patient = {
    "resourceType": "Patient",
    "birthDate": "1950-05",
    "deceasedDateTime": "2012-05-03T10:00:00+02:00",
}
asked = {
    "birthDate = @1950-05-01": [],
    "birthDate != @1950-05-01": [],
    "deceasedDateTime = @2012-05-03": [False],
    "deceasedDateTime != @2012-05-03": [True],
}
print("fhirpathpy", version("fhirpathpy"))
came = {question: evaluate(patient, question) for question in asked}
for question, answer in came.items():
    print(f"{question:36} {answer}")
assert came == asked
PY
