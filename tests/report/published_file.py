"""A published file with the shapes of a real one and simulated content, for the report's tests."""

from __future__ import annotations

from functools import cache
from math import sqrt
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

SECRET = "K0123456789"  # stands in every key column and must stand nowhere in a page
SITES = {
    "small_bowel": (520, 21.0),
    "pancreas": (120, 14.0),
    "colorectal": (55, 16.0),
    "lung": (38, 12.0),
    "unknown": (27, 9.0),
    "stomach": (22, 18.0),
    "other": (18, 10.0),
}
ERAS = {"1990–1999": (180, 13.0), "2000–2009": (360, 17.0), "2010–2016": (260, 20.0)}
BOOKS = (
    ("death_index", "deaths", "death", 1621, 3),
    ("hospital", "diagnoses", "diagnosis", 2471, 4),
    ("hospital", "encounters", "encounter", 1873, 6),
    ("hospital", "patients", "patient", 834, 4),
    ("or_log", "cases", "procedure", 1012, 11),
    ("research", "complication", "complication", 742, 5),
    ("research", "enrollment", "patient", 834, 1),
    ("research", "follow_up", "follow_up", 5205, 12),
    ("research", "procedure", "operative_finding", 1001, 4),
    ("tumor_registry", "patient", "patient", 834, 3),
    ("tumor_registry", "tumor", "tumor", 948, 8),
)
RULES = (
    ("procedure.unique", "critical", "procedure", "", "or_log", 3, 1010),
    ("procedure.operation_before_death", "critical", "procedure", "", "or_log", 2, 1010),
    ("patient.sex.isin", "critical", "patient", "sex", "tumor_registry", 1, 2502),
    ("patient.sex_agrees", "warning", "patient", "sex", "hospital", 4, 2502),
    ("tumor.size_mm.in_range", "warning", "tumor", "size_mm", "tumor_registry", 7, 948),
    ("encounter.stay_plausible", "warning", "encounter", "", "hospital", 1, 1873),
    ("encounter.patient_exists", "critical", "encounter", "hospital_number", "hospital", 0, 1873),
    ("follow_up.by_extract", "critical", "follow_up", "", "research", 0, 5205),
    ("diagnosis.not_merkel", "info", "diagnosis", "code", "hospital", 0, 2471),
)
MEASURES = (
    ("intraoperative_complication", "procedure", 0.09),
    ("carcinoid_crisis_recorded", "procedure", 0.01),
    ("minor_complication", "procedure", 0.43),
    ("major_complication", "procedure", 0.19),
    ("mortality_30_day", "procedure", 0.02),
    ("unknown_primary_localized", "patient", 0.89),
)


def write_published(
    path: Path,
    *,
    marts: bool = True,
    passed: bool = True,
    reason: str = "what the rule wants, in plain words",
) -> Path:
    """Write the file; `passed=False` closes a gate, `marts=False` leaves schema marts empty."""
    with duckdb.connect(str(path)) as con:
        con.execute("create schema marts")
        con.execute("create schema quality")
        _quality(con, passed, reason)
        if marts:
            _outcomes(con)
            _survival(con)
            _beside(con)
    return path


def _quality(con: duckdb.DuckDBPyConnection, passed: bool, reason: str) -> None:
    con.execute(
        "create table quality.run as select '20170101T020000Z-abc123' as run_id,"
        " date '2016-12-31' as as_of, 'Europe/Berlin' as time_zone, '0.1.0' as code_version,"
        " repeat('ab', 32) as project_hash, 'A simulated registry' as registry"
    )
    con.execute("create table quality.gate (name varchar, passed boolean, detail varchar)")
    con.executemany(
        "insert into quality.gate values (?, ?, ?)",
        [
            ("books_balance", True, "11 source tables, all balanced"),
            ("critical_expectations", passed, "18 of 19 critical expectations hold"),
            ("quarantined_share", True, "at most 1.1 % of a source table, 10 % allowed"),
            ("accepted_drop", True, "no entity lost more than 20 % since the published build"),
        ],
    )
    con.execute(
        "create table quality.balance (source varchar, source_table varchar, entity varchar,"
        " landed bigint, accepted bigint, quarantined bigint)"
    )
    con.executemany(
        "insert into quality.balance values (?, ?, ?, ?, ?, ?)",
        [(*place, landed, landed - bad, bad) for *place, landed, bad in BOOKS],
    )
    con.execute(
        "create table quality.finding (rule varchar, severity varchar, entity varchar, key varchar,"
        ' "column" varchar, source varchar, source_table varchar, file varchar, "row" bigint,'
        " reason varchar)"
    )
    con.execute(
        'create table quality.check_result (kind varchar, rule varchar, entity varchar, "column"'
        " varchar, severity varchar, reason varchar, violated bigint, denominator bigint,"
        " threshold double, status varchar)"
    )
    for rule, severity, entity, column, source, violated, of in RULES:
        con.execute(
            "insert into quality.check_result values ('row', ?, ?, ?, ?, ?, ?, ?, 0, ?)",
            [rule, entity, column, severity, reason, violated, of, "fail" if violated else "pass"],
        )
        con.execute(
            "insert into quality.finding select ?, ?, ?, ? || i, ?, ?, 't', 'f.csv', i, ?"
            " from range(?) t(i)",
            [rule, severity, entity, SECRET, column, source, reason, violated],
        )
    con.execute(
        "insert into quality.finding values ('procedure.unparsable', 'critical', 'procedure',"
        " null, null, 'or_log', 'cases', 'or_log_1994.csv', 17, 'too few fields')"
    )
    con.execute(
        "insert into quality.check_result values"
        " ('table', 'procedure.rows_kept', 'registry.procedure', null, 'critical',"
        f" 'nearly every accepted case is kept', {0 if passed else 30}, 1001, 0.02,"
        f" '{'pass' if passed else 'fail'}'),"
        " ('table', 'tumor.one_index', 'registry.tumor', null, 'warning',"
        " 'one index tumour a patient', 0, 834, 0, 'pass')"
    )
    con.execute(
        'create table quality.completeness (entity varchar, source varchar, "column" varchar,'
        " rows bigint, present bigint, share double, unknown bigint)"
    )
    for entity, source, column, rows, present, unknown in (
        ("patient", "hospital", "family_name", 830, 830, 0),
        ("patient", "research", "family_name", 833, 0, 0),
        ("patient", "tumor_registry", "family_name", 831, 831, 0),
        ("patient", "hospital", "sex", 830, 830, 2),
        ("patient", "research", "sex", 833, 833, 0),
        ("patient", "tumor_registry", "sex", 831, 831, 3),
        ("patient", "hospital", "death_date", 830, 312, 0),
        ("patient", "research", "death_date", 833, 0, 0),
        ("patient", "tumor_registry", "death_date", 831, 330, 0),
        ("tumor", "tumor_registry", "ki67_percent", 940, 702, 0),
        ("tumor", "tumor_registry", "size_mm", 940, 871, 0),
        ("procedure", "or_log", "asa_class", 1001, 996, 0),
    ):
        con.execute(
            "insert into quality.completeness values (?, ?, ?, ?, ?, ?, ?)",
            [entity, source, column, rows, present, present / rows, unknown],
        )


def _outcomes(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create table marts.patient_outcome as select 'P' || i as patient_id from range(800) t(i)"
    )
    con.execute(
        "create table marts.procedure_outcome as"
        " select 'P' || i as procedure_id from range(1001) t(i)"
    )
    con.execute(
        "create table marts.outcome_summary (measure varchar, unit varchar, stratum_variable"
        " varchar, stratum varchar, numerator bigint, denominator bigint, estimate double,"
        " lower double, upper double, kind varchar, unknown bigint)"
    )
    rows = []
    for measure, unit, share in MEASURES:
        total = 1001 if unit == "procedure" else 138
        rows.append(_proportion(measure, unit, "all", "all", share, total))
        for variable, strata in (("primary_site", SITES), ("operation_era", ERAS)):
            for position, (stratum, (size, _)) in enumerate(strata.items()):
                varied = min(share * (0.75 + 0.17 * position), 0.97)
                rows.append(
                    _proportion(measure, unit, variable, stratum, varied, size * total // 800)
                )
    for measure, mean, spread in (("operation_minutes", 368, 146), ("stay_days", 9, 10)):
        rows += [
            (measure, "procedure", "all", "all", None, 1001, mean, mean - spread / 16,
             mean + spread / 16, "mean", 2),
            (measure, "procedure", "all", "all", None, 1001, spread, None, None, "sd", 2),
        ]  # fmt: skip
        rows += [
            (measure, "procedure", "primary_site", stratum, None, size, mean + 4 * place,
             mean - 5, mean + 20, "mean", 0)
            for place, (stratum, (size, _)) in enumerate(SITES.items())
        ]  # fmt: skip
    fill(con, "marts.outcome_summary", rows)
    con.execute(
        "create table marts.publication_benchmark (figure varchar, stratum varchar, unit varchar,"
        " published double, observed double, lower double, upper double, agrees boolean,"
        " numerator bigint, denominator bigint)"
    )
    con.executemany(
        "insert into marts.publication_benchmark values (?,?,?,?,?,?,?,?,?,?)",
        [
            ("records_reviewed", "all", "patients", 834, 834, None, None, True, 834, 834),
            ("procedures", "all", "procedures", 1001, 997, None, None, True, 997, 834),
            ("carcinoid_crisis", "all", "percent", 1, 1.3, 0.76, 2.2, True, 13, 1001),
            ("major_complication", "all", "percent", 19, 23.9, 21.4, 26.6, False, 239, 1001),
            ("median_survival", "pancreas", "months", 124, 118, 96, 147, True, None, 120),
            ("survival_5_years", "small_bowel", "percent", 84, 83.1, 79.4, 86.2, True, None, 520),
        ],
    )


def _proportion(
    measure: str, unit: str, variable: str, stratum: str, share: float, total: int
) -> tuple[object, ...]:
    cases = round(share * total)
    middle, width = _wilson(cases, total)
    return (measure, unit, variable, stratum, cases, total, cases / total, max(middle - width, 0),
            min(middle + width, 1), "proportion", 4)  # fmt: skip


def _wilson(cases: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    share, weight = cases / total, 1 + z * z / total
    middle = (share + z * z / (2 * total)) / weight
    return middle, z / weight * sqrt(share * (1 - share) / total + z * z / (4 * total * total))


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple]) -> None:
    """Insert rows by way of Arrow, which takes a moment where executemany takes seconds."""
    columns = zip(*rows, strict=True)
    con.register("rows_to_insert", pa.table({f"c{i}": column for i, column in enumerate(columns)}))
    con.execute(f"insert into {table} select * from rows_to_insert")
    con.unregister("rows_to_insert")


@cache
def simulated(variable: str) -> dict[str, list[tuple]]:
    """Survival rows by stratum of a variable, simulated once."""
    variables = {"all": {"all": (800, 18.0)}, "primary_site": SITES, "operation_era": ERAS}
    return survival_rows(variables[variable], list(variables).index(variable))


def survival_rows(sizes: dict[str, tuple[int, float]], seed: int) -> dict[str, list[tuple]]:
    """Kaplan–Meier rows by stratum for exponential deaths, as `marts.survival_curve` has them."""
    rng = np.random.default_rng(seed)
    found = {}
    for stratum, (patients, mean_years) in sizes.items():
        death = np.ceil(rng.exponential(mean_years * 365.25, patients))
        seen = np.ceil(rng.uniform(0.2, 26, patients) * 365.25)
        found[stratum] = kaplan_meier(np.minimum(death, seen), death <= seen)
    return found


def kaplan_meier(time: np.ndarray, died: np.ndarray) -> list[tuple]:
    """Rows (time_days, at_risk, events, censored, survival, std_err, lower, upper)."""
    rows: list[tuple] = [(0, len(time), 0, 0, 1.0, 0.0, 1.0, 1.0)]
    survival, greenwood = 1.0, 0.0
    for day in np.unique(time):
        at_risk = int((time >= day).sum())
        events = int(died[time == day].sum())
        survival *= 1 - events / at_risk
        if events < at_risk:
            greenwood += events / (at_risk * (at_risk - events))
        lower = upper = 1.0 if survival == 1 else None
        if 0 < survival < 1:
            factor = np.exp(1.96 * sqrt(greenwood) / abs(np.log(survival)))
            lower, upper = survival**factor, survival ** (1 / factor)
        rows.append(
            (int(day), at_risk, events, int((time == day).sum()) - events, survival,
             survival * sqrt(greenwood), lower, upper)
        )  # fmt: skip
    return rows


def _survival(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "create table marts.survival_curve (endpoint varchar, stratum_variable varchar, stratum"
        " varchar, time_days bigint, at_risk bigint, events bigint, censored bigint, survival"
        " double, std_err double, lower double, upper double)"
    )
    con.execute(
        "create table marts.survival_landmark (endpoint varchar, stratum_variable varchar, stratum"
        " varchar, years double, at_risk bigint, survival double, std_err double, lower double,"
        " upper double, reliable boolean)"
    )
    con.execute(
        "create table marts.survival_summary (endpoint varchar, stratum_variable varchar, stratum"
        " varchar, patients bigint, events bigint, median_days double, median_lower double,"
        " median_upper double, median_months double, median_months_lower double,"
        " median_months_upper double, interval varchar, estimator varchar)"
    )
    curves, landmarks, summaries = [], [], []
    for variable in ("all", "primary_site", "operation_era"):
        for stratum, rows in simulated(variable).items():
            where = ("overall", variable, stratum)
            curves += [(*where, *row) for row in rows]
            for years in (1, 3, 5, 10, 20):
                before = [row for row in rows if row[0] <= years * 365.25]
                beyond = rows[-1][0] < years * 365.25
                at_risk = sum(row[2] + row[3] for row in rows if row[0] >= years * 365.25)
                figures = (None,) * 4 if beyond else before[-1][4:8]
                reliable = None if beyond else at_risk >= 10
                landmarks.append((*where, years, at_risk, *figures, reliable))
            days = [
                next((row[0] for row in rows if row[place] is not None and row[place] < 0.5), None)
                for place in (4, 6, 7)
            ]
            months = [day and day * 12 / 365.25 for day in days]
            events = sum(row[2] for row in rows)
            summaries.append(
                (*where, rows[0][1], events, *days, *months, "log-log", "Kaplan–Meier")
            )
    fill(con, "marts.survival_curve", curves)
    fill(con, "marts.survival_landmark", landmarks)
    fill(con, "marts.survival_summary", summaries)


def _beside(con: duckdb.DuckDBPyConnection) -> None:
    """What stands beside the curves: deaths by cause, and survival of the population."""
    con.execute(
        "create table marts.cumulative_incidence (endpoint varchar, stratum_variable varchar,"
        " stratum varchar, cause varchar, time_days bigint, at_risk bigint, events bigint,"
        " incidence double, std_err double, lower double, upper double)"
    )
    con.execute(
        "create table marts.expected_survival (endpoint varchar, stratum_variable varchar,"
        " stratum varchar, method varchar, time_days bigint, expected double)"
    )
    incidences, expected = [], []
    for variable in ("all", "primary_site", "operation_era"):
        for stratum, rows in simulated(variable).items():
            where = ("overall", variable, stratum)
            tumour = sum(row[2] for row in rows) * 2 // 3
            for cause, first in (("tumour", True), ("other", False)):
                share, free, seen = 0.0, 1.0, 0
                for day, at_risk, events, _, survival, *_ in rows:
                    own = [seen + place < tumour for place in range(events)].count(first)
                    seen += events
                    share, free = share + free * own / at_risk, survival
                    width = 0.02 if share else 0.0
                    incidences.append(
                        (*where, cause, day, at_risk, own, share, width / 2, max(share - width, 0),
                         min(share + width, 1))
                    )  # fmt: skip
            for method, days in (("ederer1", 9000), ("conditional", 8000)):
                expected += [
                    (*where, method, day, float(np.exp(-day / days)))
                    for day in range(0, rows[-1][0] + 90, 90)
                ]
    fill(con, "marts.cumulative_incidence", incidences)
    fill(con, "marts.expected_survival", expected)
