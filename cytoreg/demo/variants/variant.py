"""The form of variants: a defect without a rule, and texts that many of them share."""

from __future__ import annotations

from collections.abc import Mapping

from cytoreg.demo.defects.defect import Action, Defect

NO_BREAK = "chr(160)"
TAB = "chr(9)"
# No patient has such a hospital number today: those of the simulation begin with 0.
FORMER = "'8' || right(p.mrn, 6)"
TWO_TUMOURS = """x._pid in (
  select _pid from extract.tumor_registry_tumor where tumorRecordNumber = '02' and _defect is null
)"""
# The patient's second tumour was abstracted under the former number, which shows whose it is.
SECOND_TUMOUR_UNDER_FORMER = """
update extract.tumor_registry_tumor
set medicalRecordNumber = '8' || right(person.mrn, 6)
from person
where person.pid = _pid and tumorRecordNumber = '02' and _defect is null
  and _pid in (select pid from target)
"""
# The chart under the former number is still there.
FORMER_CHART = """
insert into extract.hospital_patients
select h.* replace ('8' || right(person.mrn, 6) as mrn, 1 as _copy, null as _defect)
from extract.hospital_patients as h
join person on person.pid = h._pid
where h._copy = 0 and h._pid in (select pid from target)
  and h._pid not in (select _pid from extract.hospital_patients where mrn[1:1] = '8')
"""


def variant(
    source: str,
    table: str,
    description: str,
    changes: Mapping[str, str],
    where: str = "true",
    *,
    action: Action = "change",
    then: tuple[str, ...] = (),
) -> Defect:
    """A kind that is not a defect: `changes` by column, where `where` holds; see Defect."""
    return Defect(
        source, table, None, description, changes=changes, where=where, action=action, then=then
    )


def padded(column: str) -> str:
    """The text of a column between a blank and a tab, with a no-break space after it."""
    return f"' ' || {TAB} || x.{column} || {NO_BREAK}"


def without_zeros(column: str) -> str:
    """A number in the form that a spreadsheet keeps."""
    return f"ltrim(x.{column}, '0')"


def renamed(suffix: str) -> tuple[str, ...]:
    """Statements that lengthen the selected patients' family name wherever it is in full."""
    chosen = "where _pid in (select pid from target)"
    return (
        f"update extract.tumor_registry_patient set nameLast = nameLast || '{suffix}' {chosen}",
        f"update extract.hospital_patients set last_name = last_name || '{suffix}' {chosen}",
        f"update extract.pathology_report set family_name = family_name || '{suffix}' {chosen}",
        "update extract.or_log_cases set patient_name = replace(patient_name, ', ',"
        f" '{suffix.upper()}, ') {chosen}",
    )
