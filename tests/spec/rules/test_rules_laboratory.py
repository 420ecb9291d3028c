"""
A result without a known patient is refused. Of the others only the impossible part is refused: what was
measured, when, how much, in which unit; the result stays. A warning is given for a value or a limit that suggests
another unit, for a result that was given twice, and for a result without a value or a reason for its absence.
"""

title = "Impossible results"

given = {
    "staging.patient": """
        hospital_number | source_patient_number | birth_date | death_date | vital_status
        ----------------+-----------------------+------------+------------+-------------
        0000001         | 0000001               | 1950-01-31 |            | alive
        0000002         | 0000002               | 1950-01-31 | 2001-05-01 | dead
    """,
    "staging.laboratory": """
        result_key | hospital_number | status           | analyte        | value | comparator | unit        | upper_limit | assay | specimen_date | specimen_clock | absent_reason
        -----------+-----------------+------------------+----------------+-------+------------+-------------+-------------+-------+---------------+----------------+--------------
        cga        | 0000001         | final            | chromogranin_a | 36    | <          | ug/L        | 36          | A     | 2001-01-01    | 08:00          |
        units      | 0000001         | amended          | chromogranin_a | 30    |            | U/L         | 20          | B     | 2001-01-01    | 08:00          |
        hiaa       | 0000001         | final            | hiaa_urine     | 8000  |            | umol/(24.h) | 31.4        | C     | 2001-01-01    | 08:00          |
        unknown    | 0000001         | done             | insulin        | 7,5   | ~          |             |             |       | 2001-02-30    | 25:00          |
        unit       | 0000001         | final            | hiaa_urine     | 7     |            | ng/mL       | 0           | D     | 2001-01-01    | 08:00          |
        slipped    | 0000001         | final            | chromogranin_a | 0.5   |            | ng/mL       | 36          | E     | 2001-01-01    | 08:00          |
        micromoles | 0000001         | final            | hiaa_urine     | 60    |            | mg/(24.h)   | 31.4        | F     | 2001-01-01    | 08:00          |
        dilution   | 0000001         | final            | hiaa_urine     | 9     | <          | mg/(24.h)   | 6           | G     | 2001-01-01    | 08:00          |
        nobody     | 0000009         | final            | hiaa_urine     | 9     |            | mg/(24.h)   | 6           | H     | 2001-01-01    | 08:00          |
        future     | 0000001         | final            | hiaa_urine     | 9     |            | mg/(24.h)   | 6           | I     | 2017-01-01    | 08:00          |
        unborn     | 0000001         | final            | hiaa_urine     | -9    |            | mg/(24.h)   | 6           | J     | 1950-01-30    | 08:00          |
        dead       | 0000002         | final            | hiaa_urine     | 9     |            | mg/(24.h)   | 6           | K     | 2001-05-02    | 08:00          |
        taken_back | 0000001         | entered-in-error | hiaa_urine     | 9     |            | mg/(24.h)   | 6           | L     | 2001-01-01    | 08:00          |
        instead    | 0000001         | final            | hiaa_urine     | 8     |            | mg/(24.h)   | 6           | L     | 2001-01-01    | 08:00          |
        noon       | 0000001         | final            | hiaa_urine     | 8     |            | mg/(24.h)   | 6           | L     | 2001-01-01    | 12:00          |
        typed      | 0000001         | final            | hiaa_urine     | 8     |            | mg/(24.h)   | 6           | M     | 2001-01-01    |                |
        again      | 0000001         | final            | hiaa_urine     | 8     |            | mg/(24.h)   | 6           | M     | 2001-01-01    |                |
        undone     | 0000001         | final            | hiaa_urine     |       |            |             |             | N     | 2001-01-01    | 08:00          | not-performed
        ordered    | 0000001         | registered       | hiaa_urine     |       |            |             |             | O     | 2001-01-01    | 08:00          |
        forgotten  | 0000001         | final            | hiaa_urine     |       |            |             |             | P     | 2001-01-01    | 08:00          |
        bare       | 0000001         | final            | hiaa_urine     | 7     |            |             |             | Q     | 2001-01-01    | 08:00          |
    """,
}


def test_results(finds):
    finds(
        """
        key        | rule                                       | severity
        -----------+--------------------------------------------+---------
        unknown    | laboratory.status.isin                     | critical
        unknown    | laboratory.analyte.isin                    | critical
        unknown    | laboratory.value.type                      | critical
        unknown    | laboratory.comparator.isin                 | critical
        unknown    | laboratory.assay.required                  | warning
        unknown    | laboratory.specimen_date.type              | critical
        unknown    | laboratory.specimen_clock.str_matches      | critical
        unit       | laboratory.unit_fits_analyte               | critical
        unit       | laboratory.upper_limit.gt                  | critical
        slipped    | laboratory.magnitude_plausible             | warning
        micromoles | laboratory.limit_fits_unit                 | warning
        dilution   | laboratory.limit_of_detection_below_normal | warning
        nobody     | laboratory.patient_exists                  | critical
        future     | laboratory.by_extract                      | critical
        unborn     | laboratory.after_birth                     | critical
        unborn     | laboratory.value.ge                        | critical
        dead       | laboratory.not_after_death                 | warning
        taken_back | laboratory.stands                          | info
        typed      | laboratory.given_once                      | warning
        again      | laboratory.given_once                      | warning
        forgotten  | laboratory.has_value                       | warning
        bare       | laboratory.has_unit                        | warning
        bare       | laboratory.has_upper_limit                 | warning
        """
    )
