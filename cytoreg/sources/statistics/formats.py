"""How a variable's format shows numbers: as dates, moments, times, or numbers.

SAS's formats are recognized by their exact names, since a user-defined format may have any other:
`TIMEPT.` is not one of SAS (SAS 9.4 Formats and Informats: Reference; National Language Support).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Literal

Shown = Literal["number", "date", "moment", "span", "clock", "week", "month", "quarter", "half"]
"""A clock is the time of day of a moment, or a time of day alone."""

_SPSS: dict[str, Shown] = {
    **dict.fromkeys(("DATE", "ADATE", "EDATE", "JDATE", "SDATE", "QYR", "MOYR", "WKYR"), "date"),
    **dict.fromkeys(("DATETIME", "YMDHMS"), "moment"),
    **dict.fromkeys(("TIME", "DTIME", "MTIME"), "span"),
}
_STATA: dict[str, Shown] = {
    "d": "date", "td": "date", "tc": "moment",
    "tw": "week", "tm": "month", "tq": "quarter", "th": "half",
}  # fmt: skip


def _each(*names: str) -> Iterator[str]:
    """Names; one such as `YYQ[,C,D]` is several: YYQ, YYQC, YYQD."""
    for name in names:
        parts = re.split(r"\[(.*?)\]", name)
        choices = [part.split(",") if place % 2 else [part] for place, part in enumerate(parts)]
        yield from map("".join, product(*choices))


_LONG = "[,L,M,S]"
_TONGUES = "AFR,CAT,CRO,CSY,DAN,DES,DEU,ESP,EUR,FIN,FRA,FRS,HUN,ITA,MAC,NLD,NOR,POL,PTG,RUS,SLO,SVE"
_SAS: dict[str, Shown] = {
    **dict.fromkeys(
        _each(
            "DATE", "DAY", "DOWNAME", "JULDAY", "JULIAN", "PDJUL[G,I]", "MONNAME", "MONTH", "MONYY",
            "[DDMM,MMDD]YY[,B,C,D,N,P,S]", "YYMMDD[,B,C,D,N,P,S]", "XYYMMDD",
            "MMYY[,C,D,N,P,S]", "YYMM[,C,D,N,P,S]", "YYMON",
            "QTR[,R]", "YYQ[,C,D,N,P,S,Z]", "YYQR[,C,D,N,P,S]", "YYWEEK[U,V,W]", "WEEK[U,V,W]",
            "WEEKDA[TE,TX,Y]", "WORDDAT[E,X]", "YEAR",
            "MINGUO", "NENGO", "HDATE", "HEBDATE",
            f"[{_TONGUES}]DF[DD,DE,DN,DWN,MN,MY,WDX,WKX]",
            f"NLDATE{_LONG}", f"NLDATEMD{_LONG}", f"NLDATEYM{_LONG}", f"NLDATEYQ{_LONG}",
            "NLDATE[MN,W,WN,YR,YW]",
            "[E,B,IS]8601DA",
        ),
        "date",
    ),
    **dict.fromkeys(
        _each(
            "DATETIME", "DATEAMPM", "MDYAMPM", "DT[DATE,MONYY,WKDATX,YEAR,YYQC]",
            f"[{_TONGUES}]DFDT",
            f"NLDATM{_LONG}", f"NLDATMMD{_LONG}", f"NLDATMYM{_LONG}", f"NLDATMYQ{_LONG}",
            "NLDATM[AP,APZ,DT,MN,TM,TZ,W,WN,WZ,YR,YW,Z]",
            "[E,B,IS]8601[DN,DT,DX,DZ,LX]",
        ),
        "moment",
    ),
    **dict.fromkeys(
        _each("TIME", "HHMM", "HOUR", "MMSS", "NLTIME", "[E,B,IS]8601[LZ,TM,TX,TZ]"), "span"
    ),
    **dict.fromkeys(("TOD", "TIMEAMPM", "NLTIMAP"), "clock"),
}  # fmt: skip


def shown(system: str, code: str | None) -> Shown:
    """How a format such as `YYMMDD10.`, `DATE11` or `%tdDD/NN/CCYY` shows numbers in its system."""
    code = code or ""
    if system == "stata":
        found = re.match(r"%-?(d|t[cdwmqh])", code)
        return _STATA[found[1]] if found else "number"
    name = re.sub(r"[0-9]*(\.[0-9]*)?$", "", code.upper().lstrip("%"))
    return (_SPSS if system == "spss" else _SAS).get(name, "number")
