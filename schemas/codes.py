"""Code lists and patterns that several schemas share; codes only, no vocabulary's own texts."""

from __future__ import annotations

SEX = ("male", "female", "other", "unknown")

# Primary sites in the registry's words, from the research project's codes 1 to 9.
SITES = (
    "small_bowel",
    "pancreas",
    "appendix",
    "colorectal",
    "lung",
    "stomach",
    "duodenum",
    "other",
    "unknown",
)

# ICD-O-3 topography: C, two digits, dot, one digit.
TOPOGRAPHY = r"^C[0-9]{2}\.[0-9]$"

# ICD-O-3 histologies of neuroendocrine neoplasms; sql/registry/neuroendocrine.sql says which are
# carcinomas, and why 8157 is among them.
NET_HISTOLOGIES = (
    *(8013, 8041, 8150, 8151, 8152, 8153, 8154, 8155, 8156, 8157, 8158),
    *(8240, 8241, 8242, 8246, 8249, 8683),
)

NEC_HISTOLOGIES = (8013, 8041, 8246)

BEHAVIORS = ("0", "1", "2", "3")

# Grade codes of all sites (NAACCR items 3843 to 3845; SEER EOD 3.3, Derived Summary Grade; 8 where
# there is none to give), and those of the neuroendocrine schemas: 1 to 3 by mitoses and Ki-67, A to
# D by differentiation, 9 unknown (EOD 3.3, Grade Pathological of the NET schemas).
GRADES = ("1", "2", "3", "4", "5", "A", "B", "C", "D", "E", "H", "L", "M", "S", "8", "9")
NET_GRADES = ("1", "2", "3", "A", "B", "C", "D", "9")

GRADE_FITS_KI67 = """
    coalesce(ki67_comparator, '') in ('<', '<=')
    or coalesce(ki67_low, ki67_percent) > 100
    or not (grade = '1' and coalesce(ki67_low, ki67_percent) >= 3)
    and not (grade = '2' and coalesce(ki67_low, ki67_percent) > 20)
"""

# T, N and M as they are written: what they rest on (c, p, y after therapy, r recurrence, a autopsy,
# m before or behind T several primaries), the category, and what qualifies it in brackets or as m
# or mi. AJCC Cancer Staging Manual, 8th edition, chapter 1; UICC TNM, 8th edition, introduction.
_RESTS_ON = "^[mM]? ?([aAcCpPrRyY] ?){0,4}"
_QUALIFIED = r"( ?(\([^()]{1,20}\)|[mM][iI]?[cC]?|[sS][nN]))*$"
T_CATEGORY = _RESTS_ON + r"[tT] ?([xX0]|[iI][sS]|[1-4]([a-dA-D][1-3]?)?)" + _QUALIFIED
N_CATEGORY = _RESTS_ON + r"[nN] ?([xX]|[0-3]([a-cA-C][1-3]?)?)" + _QUALIFIED
M_CATEGORY = _RESTS_ON + r"[mM] ?([xX0]|1([a-dA-D][1-3]?)?)" + _QUALIFIED

# When each edition of the AJCC manual came into force.
EDITION_FITS_DATE = """
    case edition
      when '5' then specimen_date >= date '1998-01-01'
      when '6' then specimen_date >= date '2003-01-01'
      when '7' then specimen_date >= date '2010-01-01'
      when '8' then specimen_date >= date '2018-01-01'
      when '9' then specimen_date >= date '2024-01-01'
    end
"""

# AJCC Cancer Staging Manual, 7th and 8th edition and Version 9, neuroendocrine tumours: T1 is at
# most 1 cm in stomach and small bowel, 2 cm elsewhere in the digestive tract. Carcinomas are staged
# otherwise. A clinical T (cT1) was estimated before the specimen was measured. From the 8th edition
# on, M1a is of the liver, M1b elsewhere, M1c both; of other organs, such as the lung, these letters
# say something else.
_STAGED_AS_NET = (
    f"edition in ('7', '8', '9') and histology in {NET_HISTOLOGIES}"
    f" and histology not in {NEC_HISTOLOGIES}"
    " and coalesce(differentiation, '') not in ('poorly', 'undifferentiated')"
)
T1_FITS_SIZE = f"""
    not (regexp_matches(lower(t), '^[^ct]*t1') and {_STAGED_AS_NET})
    or size_mm <= case
      when substring(primary_site, 1, 3) in ('C16', 'C17') then 10
      when substring(primary_site, 1, 3) in ('C18', 'C19', 'C20', 'C25') then 20
    end
"""
M1_FITS_METASTASIS = f"""
    edition = '7'
    or substring(primary_site, 1, 3) not in ('C16', 'C17', 'C18', 'C19', 'C20', 'C24', 'C25')
    or not ({_STAGED_AS_NET})
    or not (contains(upper(m), 'M1A') and metastasis in ('elsewhere', 'both'))
    and not (contains(upper(m), 'M1B') and metastasis in ('liver', 'both'))
    and not (contains(upper(m), 'M1C') and metastasis in ('liver', 'elsewhere'))
"""

# Clavien-Dindo, from the mildest to death; III and IV are major, of kind a or b (Dindo 2004,
# doi:10.1097/01.sla.0000133083.54934.ae, table 1).
CLAVIEN = ("I", "II", "III", "IIIa", "IIIb", "IV", "IVa", "IVb", "V")

COMPLICATIONS = (
    "infection",
    "bleeding",
    "anastomotic_leak",
    "ileus",
    "cardiac",
    "pulmonary",
    "renal",
    "thromboembolic",
    "other",
    "death",
)

INTRAOPERATIVE = (
    "haemorrhage",
    "visceral_injury",
    "arrhythmia",
    "hypotension",
    "crisis",
    "other",
)

PROCEDURES = ("CYTO-SB", "CYTO-PAN", "CYTO-LIV", "CYTO-COL", "CYTO-GAS", "CYTO-OTH")

# What a pathologist's report says, in the registry's words.
RESULT_STATUS = (
    *("no_results", "partial", "unverified", "preliminary"),
    *("final", "corrected", "cancelled"),
)
COMPARATORS = ("<", "<=", ">", ">=", "~")
DIFFERENTIATION = ("well", "moderately", "poorly", "undifferentiated")
METASTASIS = ("none", "liver", "elsewhere", "both")

# Biomarkers of neuroendocrine tumours, and the states of a FHIR Observation.
ANALYTES = ("chromogranin_a", "pancreastatin", "serotonin", "neurokinin_a", "hiaa_urine")
LABORATORY_STATUS = (
    *("registered", "preliminary", "final", "amended", "corrected", "cancelled"),
    *("entered-in-error", "unknown"),
)

# Editions of the AJCC Cancer Staging Manual: 1998, 2003, 2010, 2018, and Version 9 (for
# neuroendocrine tumours 2024).
TNM_EDITIONS = ("5", "6", "7", "8", "9")

HOSPITAL_NUMBER = r"^[0-9]{7}$"
HOSPITAL_NUMBERS = r"^[0-9]{7}( [0-9]{7})*$"
CASE_NUMBER = r"^[0-9]{4}-[0-9]{5}$"
SSN_LAST4 = r"^[0-9]{4}$"
# A name has a letter, of whatever alphabet: what has none is no name.
NAME = "^[^A-Za-z\u00c0-\uffdc]*[A-Za-z\u00c0-\uffdc]"
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

# Shape only: ICD-9-CM (digits, or V and E with digits) or ICD-10-CM (letter, digit, digit or
# letter), with a dot before what follows the category.
ICD_CM = (
    r"^([0-9]{3}(\.[0-9]{1,2})?|V[0-9]{2}(\.[0-9]{1,2})?|E[0-9]{3}(\.[0-9])?"
    r"|[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?)$"
)
