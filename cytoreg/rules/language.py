"""What rules take from SQL: the operators, the simple functions with their types, and the types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from sqlglot import exp

COMPARISONS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
ARITHMETIC: Mapping[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
}
FUNCTIONS: Mapping[type[exp.Expr], tuple[str, tuple[tuple[type, ...], ...], type]] = {
    # Its name, the types that each operand may have, the type of the result.
    exp.Length: ("length", ((str,),), int),
    exp.Lower: ("lower", ((str,),), str),
    exp.Upper: ("upper", ((str,),), str),
    exp.StartsWith: ("starts_with", ((str,), (str,)), bool),
    exp.EndsWith: ("ends_with", ((str,), (str,)), bool),
    exp.Contains: ("contains", ((str,), (str,)), bool),
    exp.DPipe: ("||", ((str,), (str,)), str),
    exp.Day: ("day", ((date, datetime),), int),
    exp.Hour: ("hour", ((datetime,),), int),
    exp.Minute: ("minute", ((datetime,),), int),
}
SQL_TYPES: Mapping[str, type] = {
    "BIGINT": int,
    "INT": int,
    "DOUBLE": float,
    "DATE": date,
    "TIMESTAMPNTZ": datetime,
    "TEXT": str,
}
