"""Identities written in other ways: names, numbers, codes and days of birth and death."""

from __future__ import annotations

from functools import partial

from cytoreg.demo.defects.defect import Defect
from cytoreg.demo.variants.variant import (
    FORMER,
    SECOND_TUMOUR_UNDER_FORMER,
    TWO_TUMOURS,
    padded,
    renamed,
    variant,
    without_zeros,
)

_registry = partial(variant, "tumor_registry", "patient")
_tumor = partial(variant, "tumor_registry", "tumor")
_hospital = partial(variant, "hospital", "patients")
_enrolled = partial(variant, "research", "enrollment")
_death = partial(variant, "death_index", "deaths")
_patient_died = "x._pid is not null"
_measured = "x.ki67 is not null and x.ki67 not like 'XXX%'"
_long, _not_accents = "-Simbergenfeldstein", "løßæł"
_TUMOR_REGISTRY = (
    _registry("born in a month", {"dateOfBirth": "x.dateOfBirth[1:6]"}),
    _registry("born in a year", {"dateOfBirth": "x.dateOfBirth[1:4]"}),
    _registry("died in a month", {"dateOfLastContact": "x.dateOfLastContact[1:6]"}, where="p.dead"),
    _registry(
        "last seen in a month",
        {"dateOfLastContact": "x.dateOfLastContact[1:6]"},
        where="not p.dead",
    ),
    _registry("sex unknown", {"sex": "'9'"}),
    _registry("sex by that at birth", {"sex": "if(p.female, '6', '5')"}),
    _registry("race unknown", {"race1": "'99'"}),
    _registry("social security number unknown", {"socialSecurityNumber": "'999999999'"}),
    _registry("family name with a suffix", {"nameLast": "x.nameLast || ' Jr'"}),
    _registry(
        "family name without accents",
        {"nameLast": "strip_accents(x.nameLast)"},
        where="strip_accents(x.nameLast) <> x.nameLast",
    ),
    _registry("white space around the name", {"nameLast": padded("nameLast")}),
    _tumor(
        "tumour under a former hospital number",
        {"medicalRecordNumber": FORMER},
        where="x.tumorRecordNumber = '02'",
    ),
    _tumor(
        "hospital number without its zeros",
        {"medicalRecordNumber": without_zeros("medicalRecordNumber")},
    ),
    _tumor("diagnosed in a month", {"dateOfDiagnosis": "x.dateOfDiagnosis[1:6]"}),
    _tumor("diagnosed in a year", {"dateOfDiagnosis": "x.dateOfDiagnosis[1:4]"}),
    _tumor("Ki-67 with a comma", {"ki67": "replace(x.ki67, '.', ',')"}, where=_measured),
    _tumor(
        "Ki-67 as a range",
        {"ki67": "floor(x.ki67::double)::integer || '-' || (floor(x.ki67::double) + 1)::integer"},
        where=_measured,
    ),
    _tumor(
        "Ki-67 as a limit",
        {"ki67": "if(x.ki67::double < 1, '<1', '≤2')"},
        where=f"{_measured} and x.ki67::double <= 2",
    ),
    _tumor("size unknown", {"tumorSizeSummary": "'999'"}),
    _tumor("white space around the site", {"primarySite": padded("primarySite")}),
)
_HOSPITAL = (
    _hospital("born in a month", {"birth_date": "x.birth_date[1:7]"}),
    _hospital("died in a month", {"death_date": "x.death_date[1:7]"}, where="p.dead"),
    _hospital("died in a year", {"death_date": "x.death_date[1:4]"}, where="p.dead"),
    _hospital("last seen in a month", {"last_seen_date": "x.last_seen_date[1:7]"}),
    _hospital(
        "days with a time of day",
        {
            "birth_date": "x.birth_date || ' 00:00:00'",
            "last_seen_date": "x.last_seen_date || ' 14:20:00'",
        },
    ),
    _hospital("sex unknown", {"sex": "'U'"}),
    _hospital("race unknown", {"race_code": "'99'"}),
    _hospital("last four digits unknown", {"ssn_last4": "'0000'"}),
    _hospital("hospital number without its zeros", {"mrn": without_zeros("mrn")}),
    _hospital("white space around the name", {"last_name": padded("last_name")}),
    _hospital("name in capitals with a suffix", {"last_name": "upper(x.last_name) || ', III'"}),
    _hospital(
        "chart under a former number, merged",
        {"mrn": FORMER},
        where=TWO_TUMOURS,
        action="repeat",
        then=(SECOND_TUMOUR_UNDER_FORMER,),
    ),
)
_RESEARCH = (
    _enrolled("hospital number without its zeros", {"mrn": without_zeros("mrn")}),
    _enrolled("born in a month", {"enr_birth_date": "x.enr_birth_date[1:7]"}),
    _enrolled("sex not asked for", {"enr_sex": "''"}),
    _enrolled("consented in a month", {"consent_date": "x.consent_date[1:7]"}),
    _enrolled("white space around the number", {"mrn": padded("mrn")}),
)
_DEATH_INDEX = (
    _death("died in a month", {"death_date": "x.death_date[1:6]"}, where=_patient_died),
    _death("died in a year", {"death_date": "x.death_date[1:4]"}, where=_patient_died),
    _death("sex unknown", {"sex": "'U'"}),
    _death("last four digits unknown", {"ssn_last4": "'0000'"}),
    _death(
        "family name longer than its field",
        {"last_name": f"left(x.last_name || '{_long}', 20)"},
        where=_patient_died,
        then=renamed(_long),
    ),
    _death(
        "letters that are no accents",
        {"last_name": "x.last_name || 'lossael'"},
        where=_patient_died,
        then=renamed(_not_accents),
    ),
    _death(
        "hyphen as a blank",
        {"last_name": "x.last_name || ' Simfeld'"},
        where=_patient_died,
        then=renamed("-Simfeld"),
    ),
    _death(
        "names without accents",
        {"last_name": "strip_accents(x.last_name)", "first_name": "strip_accents(x.first_name)"},
        where="strip_accents(x.last_name) <> x.last_name",
    ),
    _death("family name with a suffix", {"last_name": "x.last_name || ' JR'"}),
    _death(
        "number of another state's certificate",
        {
            "certificate_number": "(select o.certificate_number"
            " from extract.death_index_deaths as o where o._sort = x._sort - 1 and o._copy = 0)"
        },
        where="exists (select 1 from extract.death_index_deaths as o where o._sort = x._sort - 1"
        " and o._copy = 0 and o._defect is null and o.state <> x.state"
        " and o.death_date[1:4] = x.death_date[1:4])",
    ),
)
VARIANTS: tuple[Defect, ...] = (*_TUMOR_REGISTRY, *_HOSPITAL, *_RESEARCH, *_DEATH_INDEX)
