"""
Times as the operating room writes them (0800, 8:00, 11:00 AM), an ASA class with the E of an emergency or
in Roman numerals, numbers that a spreadsheet gave decimals or commas, units behind them. What may mean
something else, or no number, passes for a rule to find.
"""

title = "Times and numbers of the operating-room log"

given = {
    "landing.or_log_cases": """
        case_number | hospital_number | incision_time       | closure_time | duration_minutes | asa_class | blood_loss_ml
        ------------+-----------------+---------------------+--------------+------------------+-----------+--------------
        2004–00001  | 1               | 0800                | 24:00        | 180.0            | 3E        | 1,500
        2004-00002  | 0000000002      | 8:00                | 11:00 AM     | 180 min          | ASA III   | 200 mL
        2004-00003  | 1000000003      | 2004-03-09 08:00:00 | 25:00        | 6h               | IV E      | ~200
        2004-00004  | 0000004         | 800                 | noon         | 3:00             | class 2   | minimal
        2004-00005  | 0000005         | 08:00               | 2:15 pm      | 1,200            | P6        | 100-200
    """,
}


def test_times_and_numbers(stages):
    stages(
        "staging.procedure",
        """
        case_number | hospital_number | incision_time | closure_time | duration_minutes | asa_class | blood_loss_ml
        ------------+-----------------+---------------+--------------+------------------+-----------+--------------
        2004-00001  | 0000001         | 08:00         | 00:00        | 180              | 3         | 1500
        2004-00002  | 0000002         | 08:00         | 11:00        | 180              | 3         | 200
        2004-00003  | 1000000003      | 08:00         | 25:00        | 6h               | 4         | ~200
        2004-00004  | 0000004         | 08:00         | noon         | 3:00             | 2         | minimal
        2004-00005  | 0000005         | 08:00         | 14:15        | 1200             | P6        | 100-200
        """,
    )
