from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import drawn
import duckdb
import pytest

from cytoreg.models import build as models
from cytoreg.outcomes.summary import summarize
from cytoreg.project.load import load_project

# Columns of the registry's tables that the marts read.
REGISTRY = {
    "registry.patient": "patient_id sex birth_date:date birth_date_earliest:date"
    " birth_date_latest:date presenting_site",
    "registry.patient_link": "patient_id entity source source_table file row:bigint",
    "registry.tumor": "tumor_id patient_id site_group neuroendocrine:boolean index_tumor:boolean"
    " histology:integer grade"
    " ki67_percent:double size_mm:integer diagnosis_date:date diagnosis_date_earliest:date"
    " diagnosis_date_latest:date",
    "registry.procedure": "procedure_id patient_id case_number finding_key encounter_id has_finding:boolean"
    " procedure_number:bigint operation_date:date operation_date_earliest:date"
    " operation_date_latest:date procedure_code duration_minutes:integer"
    " blood_loss_ml:integer asa_class:integer preop_site site_found site_confirmed:boolean residual"
    " percent_removed:integer estimated_by intraop_complication:boolean intraop_type"
    " crisis_recorded:boolean crisis_sbp80_10min:boolean crisis_fouche_2018:boolean"
    " admission_date:date discharge_date:date postoperative_days:bigint stay_days:bigint"
    " disposition",
    "registry.complication": "complication_id complication_key procedure_id patient_id grade"
    " grade_rank:integer minor:boolean",
    "registry.complication_operation": "complication_key procedure_id patient_id certain:boolean"
    " followed_one:boolean",
    "registry.vital_status": "patient_id status death_date:date death_date_earliest:date"
    " death_date_latest:date death_date_precision death_date_estimate:date death_date_source"
    " last_contact_date:date last_contact_date_earliest:date last_contact_date_latest:date"
    " last_contact_source cause",
    "registry.pathology": "pathology_id patient_id procedure_id report_number versions:bigint"
    " specimen_date:date reported_date:date primary_site site_group histology:bigint"
    " neuroendocrine:boolean carcinoma:boolean stands:boolean laboratory grade"
    " ki67_percent:double ki67_comparator ki67_low:double ki67_high:double"
    " mitoses:double mitoses_comparator mitoses_low:double mitoses_high:double"
    " differentiation t n m metastasis edition nodes_examined:bigint nodes_positive:bigint",
    "registry.patient_number": "hospital_number patient_id",
    "accepted.pathology": "message_number report_number laboratory hospital_number",
    "registry.laboratory": "laboratory_id patient_id analyte specimen_date:date specimen_clock"
    " value:double comparator unit own_value:double own_unit upper_limit:double"
    " times_limit:double assay usable:boolean",
    "registry.encounter": "encounter_id patient_id",
    "registry.follow_up": "follow_up_id patient_id",
    "accepted.operative_finding": "finding_key case_number hospital_number",
    "staging.patient": "hospital_number",
}


@pytest.fixture
def marts(build: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest) -> Callable[..., None]:
    """Build a mart, and what it needs, of the tables that the module gives; compare it."""
    module: ModuleType = request.module
    build.execute("create schema marts")
    for table, columns in REGISTRY.items():
        kinds = {
            name: kind or "varchar"
            for name, _, kind in (column.partition(":") for column in columns.split())
        }
        drawn.put(build, table, kinds, module.given.get(table))
    build.execute(  # a complication with an operation is that operation's
        "insert into registry.complication_operation by name"
        " select c.complication_key, o.procedure_id, o.patient_id, true as certain,"
        " true as followed_one from registry.complication as c"
        " inner join registry.procedure as o on o.procedure_id = c.procedure_id"
    )
    project = models.load_models(drawn.ROOT / "sql")
    config = load_project(drawn.ROOT).config

    def needed(name: str) -> set[str]:
        if name not in project:
            return set().union(*(needed(outcome.table) for outcome in config.outcome.values()))
        below = {read for read in project[name].reads if read.startswith("marts.")}
        return {name}.union(*(needed(read) for read in below))

    def compare(mart: str, expected: str, where: str = "true") -> None:
        models.build(build, project, names=needed(mart), as_of=drawn.AS_OF)
        if mart not in project:
            summarize(build, config.outcome)
        drawn.assert_shows(build, f"select * from {mart} where {where}", expected)

    return compare
