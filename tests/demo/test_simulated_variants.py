"""Variants are planted as catalogued: legal or commonly dirty, and named in the truth."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from extract_files import death_lines, observed, reports, results, table, truth, tumor_registry

from cytoreg.demo import DEFECTS, VARIANTS, simulate
from cytoreg.demo.plant import kind
from cytoreg.errors import ConfigError


def variants(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of truth/variants.csv by kind."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (folder / "truth" / "variants.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["variant"]].append(row)
    return found


def test_every_variant_is_planted_and_named(flawed: Path) -> None:
    assert variants(flawed).keys() == {kind(variant) for variant in VARIANTS}
    assert len({kind(variant) for variant in VARIANTS}) == len(VARIANTS) >= 80
    assert all(variant.rule is None for variant in VARIANTS)
    assert all(defect.rule for defect in DEFECTS)
    parameters = json.loads((flawed / "truth" / "parameters.json").read_text())
    counted = {name: len(rows) for name, rows in variants(flawed).items()}
    assert parameters["variants"] == counted


def test_clean_extracts_hold_no_variant(clean: Path) -> None:
    assert not (clean / "truth" / "variants.csv").exists()


def test_variants_are_written_as_their_kinds_say(flawed: Path) -> None:
    """Each planted record, met at the row that the truth names."""
    planted = variants(flawed)
    registry = [person for person, _ in tumor_registry(flawed)]
    tumors = [tumor for _, owned in tumor_registry(flawed) for tumor in owned]
    patients, lines = table(flawed, "patients"), death_lines(flawed)
    observations, messages = [line for line in results(flawed) if line], reports(flawed)
    met = {
        "tumor_registry.patient: born in a month": (
            lambda _, row: len(registry[row]["dateOfBirth"]) == 6
        ),
        "tumor_registry.patient: race unknown": lambda _, row: registry[row]["race1"] == "99",
        "tumor_registry.tumor: tumour under a former hospital number": (
            lambda _, row: tumors[row]["medicalRecordNumber"][0] == "8"
        ),
        "tumor_registry.tumor: Ki-67 with a comma": lambda _, row: "," in tumors[row]["ki67"],
        "hospital.patients: died in a year": (
            lambda _, row: len(patients[row]["death_date"] or "") == 4
        ),
        "hospital.patients: chart under a former number, merged": (
            lambda _, row: (patients[row]["mrn"] or "")[0] == "8"
        ),
        "death_index.deaths: family name longer than its field": (
            lambda _, row: lines[row][:20].rstrip()[-1].isalpha() and lines[row][19] != " "
        ),
        "death_index.deaths: sex unknown": lambda _, row: lines[row][44] == "U",
        "death_index.deaths: died in a month": lambda _, row: lines[row][55:57] == "  ",
        "laboratory.observation: collected over a day": (
            lambda _, row: observations[row]["effectivePeriod"]["start"].endswith("T00:30:00Z")
        ),
        "laboratory.observation: limit as text": (
            lambda _, row: observations[row]["valueString"].startswith("≤")
        ),
        "pathology.report: Ki-67 as a range": (
            lambda file, row: "-" in (observed(messages[file][row], "KI67") or "")
        ),
        "pathology.report: category T after treatment": (
            lambda file, row: (observed(messages[file][row], "T") or "").startswith("yp")
        ),
        "pathology.report: report cancelled": (
            lambda file, row: messages[file][row][2][25] == "X"
        ),
        "pathology.report: second order in the message, cancelled": (
            lambda file, row: (
                messages[file][row][2][1] == "2"
                and messages[file][row][0] == messages[file][row - 1][0]
            )
        ),
        "pathology.report: withdrawn result before the one that stands": (
            lambda file, row: any(fields[11:] == ["W"] for fields in messages[file][row])
        ),
    }  # fmt: skip
    for name, holds in met.items():
        for place in planted[name]:
            assert holds(place["file"], int(place["row"]) - 1), name


def test_a_transfer_is_one_stay_of_two_adjoining_encounters(flawed: Path, clean: Path) -> None:
    stays = {row["encounter_id"]: row for row in table(flawed, "encounters")}
    whole = {row["encounter_id"]: row for row in table(clean, "encounters")}
    for place in variants(flawed)[
        "hospital.encounters: transfer: a stay of two adjoining encounters"
    ]:
        second, first = stays[place["record"]], stays[place["record"][:-1]]
        assert first["discharge_time"] == second["admit_time"]
        before = whole[place["record"][:-1]]
        assert (first["admit_time"], second["discharge_time"]) == (
            before["admit_time"],
            before["discharge_time"],
        )


def test_a_name_cut_in_the_index_stands_whole_elsewhere(flawed: Path) -> None:
    whole = [row for row in table(flawed, "patients") if len(row["last_name"] or "") > 20]
    cut = {line[:20] for line in death_lines(flawed)}
    assert whole
    assert all((row["last_name"] or "")[:20] in cut for row in whole)


def test_a_rate_is_the_share_of_records_that_carry_something(tmp_path: Path) -> None:
    done = simulate(tmp_path, patients=1000, seed=4, rate=0.1)
    planted = Counter(f"{row['source']}.{row['source_table']}" for row in truth(tmp_path))
    for rows in variants(tmp_path).values():
        planted.update(f"{row['source']}.{row['source_table']}" for row in rows)
    assert set(planted) == set(done.records)
    for name, records in done.records.items():
        assert 0.05 <= planted[name] / records <= 0.12, name  # rounded by kind


@pytest.mark.parametrize(("rate", "defects"), [(0.0, True), (0.21, True), (0.1, False)])
def test_a_rate_that_makes_no_sense_is_refused(tmp_path: Path, rate: float, defects: bool) -> None:
    with pytest.raises(ConfigError, match="rate"):
        simulate(tmp_path, patients=20, rate=rate, defects=defects)
