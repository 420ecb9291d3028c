"""
Times as the operating room writes them (0800, 8:00, 11:00 AM), an ASA class with the E of an emergency,
in Roman numerals or with its description, numbers that a spreadsheet gave decimals or commas, units
behind them. Codes and words for what nobody knows are nothing. What may mean something else, or no
number, passes for a rule to find.
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
        2004-00006  | 0000006         | 8:00 a.m.           | 11h00        | 999              | ASA IV-E  | 9999
        2004-00007  | 0000007         | 3/9/2004 8:00       | 1100 hrs     | -1               | III-IV    | -99
        2004-00008  | 0000008         | 09-MAR-2004 08:00   | 11 AM        | unknown          | VI        | N/A
        2004-00009  | 0000009         | 8.00                | 13:00 PM     | 999.0            | PS: 3 (severe) | 250 mls
        2004-00010  | 0000010         |                     |              |                  | U         | 1999
        2004-00011  | 0000011         |                     |              |                  | 2 - mild systemic disease | minus 1
        2004-00012  | 0000012         |                     |              |                  | Physical status III |
        2004-00013  | 0000013         |                     |              |                  | 3/4       |
        2004-00014  | 0000014         |                     |              |                  | ASA class III-E |
        2004-00015  | 0000015         |                     |              | 3 h 20 min       | E3        | 0.5 L
        2004-00016  | 0000016         |                     |              | 180,5            | 3/E       | <50
        2004-00017  | 0000017         |                     |              | 3 hrs            | 2E3       | EBL: 300 cc (est.)
        2004-00018  | 0000018         |                     |              | 03:20:00         |           | ≤ 1,5 litres
        2004-00019  | 0000019         |                     |              | 1-2 h            |           | none
        2004-00020  | 0000020         |                     |              | 8888             |           | a lot
    """,
}


def test_times_and_numbers(stages):
    stages(
        "staging.procedure",
        """
        case_number | hospital_number | incision_time | closure_time | duration_minutes | asa_class | blood_loss_ml | blood_loss_comparator
        ------------+-----------------+---------------+--------------+------------------+-----------+---------------+----------------------
        2004-00001  | 0000001         | 08:00         | 00:00        | 180              | 3         | 1500          |
        2004-00002  | 0000002         | 08:00         | 11:00        | 180              | 3         | 200           |
        2004-00003  | 1000000003      | 08:00         | 25:00        | 360              | 4         | 200           |
        2004-00004  | 0000004         | 08:00         | noon         | 180              | 2         |               |
        2004-00005  | 0000005         | 08:00         | 14:15        | 1200             | 6         | 100-200       |
        2004-00006  | 0000006         | 08:00         | 11:00        |                  | 4         |               |
        2004-00007  | 0000007         | 08:00         | 11:00        |                  | III-IV    |               |
        2004-00008  | 0000008         | 08:00         | 11:00        |                  | 6         |               |
        2004-00009  | 0000009         | 8.00          | 13:00 PM     |                  | 3         | 250           |
        2004-00010  | 0000010         |               |              |                  |           | 1999          |
        2004-00011  | 0000011         |               |              |                  | 2         | minus 1       |
        2004-00012  | 0000012         |               |              |                  | 3         |               |
        2004-00013  | 0000013         |               |              |                  | 3/4       |               |
        2004-00014  | 0000014         |               |              |                  | 3         |               |
        2004-00015  | 0000015         |               |              | 200              | 3         | 500           |
        2004-00016  | 0000016         |               |              | 181              | 3         | 50            | <
        2004-00017  | 0000017         |               |              | 180              | 2E3       | 300           |
        2004-00018  | 0000018         |               |              | 200              |           | 1500          | <=
        2004-00019  | 0000019         |               |              | 1-2 h            |           | 0             |
        2004-00020  | 0000020         |               |              |                  |           | a lot         |
        """,
    )
