"""Judge rows on Spark by the same schemas as on one machine, where a table outgrows that.

    from datetime import date

    from cytoreg import spark

    session = spark.connect("local[4]")
    judged = spark.judge(
        session,
        {"claim": session.read.parquet("landed/claim")},
        "schemas",
        "warehouse",
        as_of=date(2016, 12, 31),
    )
    judged.table("check_result").show()

Needs pyspark 4 and Java 17 or 21: `pip install 'cytoreg[spark]'`. docs/how-to/spark.md says what
runs on Spark and what does not.
"""

from cytoreg.spark.judge import Judgement, judge, latest
from cytoreg.spark.session import connect

__all__ = ["Judgement", "connect", "judge", "latest"]
