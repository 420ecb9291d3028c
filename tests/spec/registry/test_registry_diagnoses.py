"""
A diagnosis means the same in ICD-9-CM and in ICD-10-CM. Merkel cell carcinoma and benign tumours are
other diagnoses. A diagnosis belongs to the patient of its own hospital number, or else of its encounter.
"""

title = "What coded diagnoses mean, and whose they are"

given = {
    "registry.patient": """
        patient_id | hospital_number
        -----------+----------------
        anna       | 0000001
        bert       | 0000002
    """,
    "accepted.encounter": """
        encounter_number | hospital_number | class      | admission_time
        -----------------+-----------------+------------+--------------------
        E1               | 0000001         | ambulatory | 2001-05-09 10:00:00
    """,
    "accepted.diagnosis": """
        diagnosis_number | encounter_number | hospital_number | code
        -----------------+------------------+-----------------+--------
        own              | E1               | 0000001         | 209.01
        lost             | E1               |                 | 209.30
        other            | E1               | 0000002         | C7A.012
        liver_9          |                  | 0000001         | 209.72
        liver_10         |                  | 0000001         | C7B.02
        elsewhere_9      |                  | 0000001         | 209.79
        elsewhere_10     |                  | 0000001         | C7B.8
        merkel_9         |                  | 0000001         | 209.36
        merkel_10        |                  | 0000001         | C4A.9
        merkel_spread_9  |                  | 0000001         | 209.75
        merkel_spread_10 |                  | 0000001         | C7B.1
        benign_9         |                  | 0000001         | 209.61
        benign_10        |                  | 0000001         | D3A.090
        syndrome_9       |                  | 0000001         | 259.2
        syndrome_10      |                  | 0000001         | E34.0
        syndrome_2024    |                  | 0000001         | E34.01
        history          |                  | 0000001         | V10.91
        category_9       |                  | 0000001         | 209
        refused          |                  | 0000001         |
    """,
}


def test_both_revisions_mean_the_same(shows):
    """A category alone says too little: 209 is malignant, benign or secondary."""
    shows(
        "registry.diagnosis",
        """
        diagnosis_number | meaning
        -----------------+-------------------------
        own              | neuroendocrine_primary
        lost             | neuroendocrine_primary
        other            | neuroendocrine_primary
        liver_9          | neuroendocrine_secondary
        liver_10         | neuroendocrine_secondary
        elsewhere_9      | neuroendocrine_secondary
        elsewhere_10     | neuroendocrine_secondary
        merkel_9         | other
        merkel_10        | other
        merkel_spread_9  | other
        merkel_spread_10 | other
        benign_9         | other
        benign_10        | other
        syndrome_9       | carcinoid_syndrome
        syndrome_10      | carcinoid_syndrome
        syndrome_2024    | carcinoid_syndrome
        history          | other
        category_9       |
        refused          |
        """,
    )


def test_another_patients_encounter_is_not_joined(shows):
    shows(
        "(select * from registry.diagnosis where encounter_id is not null or patient_id = 'bert')",
        """
        diagnosis_number | patient_id | encounter_id
        -----------------+------------+-------------
        own              | anna       | E1
        lost             | anna       | E1
        other            | bert       |
        """,
    )
