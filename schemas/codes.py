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

# ICD-O-3 histologies of neuroendocrine neoplasms; sql/registry/tumor.sql lists the same.
NET_HISTOLOGIES = (
    *(8013, 8041, 8150, 8151, 8152, 8153, 8154, 8155, 8156, 8158),
    *(8240, 8241, 8242, 8246, 8249, 8683),
)

BEHAVIORS = ("0", "1", "2", "3")

# NAACCR pathological grade of neuroendocrine tumours; 9 is unknown.
GRADES = ("1", "2", "3", "9")

# Clavien-Dindo, from the mildest to death.
CLAVIEN = ("I", "II", "IIIa", "IIIb", "IVa", "IVb", "V")

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
RESULT_STATUS = ("preliminary", "final", "corrected")
DIFFERENTIATION = ("well", "moderately", "poorly", "undifferentiated")
METASTASIS = ("none", "liver", "elsewhere", "both")

# Biomarkers of neuroendocrine tumours, and the states of a FHIR Observation.
ANALYTES = ("chromogranin_a", "pancreastatin", "serotonin", "neurokinin_a", "hiaa_urine")
LABORATORY_STATUS = (
    *("registered", "preliminary", "final", "amended", "corrected", "cancelled"),
    *("entered-in-error", "unknown"),
)

# Editions of the AJCC Cancer Staging Manual: 1998, 2003, 2010 and 2018.
TNM_EDITIONS = ("5", "6", "7", "8")

HOSPITAL_NUMBER = r"^[0-9]{7}$"
HOSPITAL_NUMBERS = r"^[0-9]{7}( [0-9]{7})*$"
CASE_NUMBER = r"^[0-9]{4}-[0-9]{5}$"
SSN_LAST4 = r"^[0-9]{4}$"
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

# Shape only: ICD-9-CM (digits, or V and E with digits) or ICD-10-CM (letter, digit, digit or
# letter), with a dot before what follows the category.
ICD_CM = (
    r"^([0-9]{3}(\.[0-9]{1,2})?|V[0-9]{2}(\.[0-9]{1,2})?|E[0-9]{3}(\.[0-9])?"
    r"|[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?)$"
)
