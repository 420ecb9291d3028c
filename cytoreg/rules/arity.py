"""The number of arguments of each function in the rules' language.

Counted in the text, because sqlglot silently drops surplus arguments of some functions and reports
a missing argument of others as a syntax error.
"""

from __future__ import annotations

import sqlglot
from sqlglot import Token, TokenType

from cytoreg.errors import ConfigError

_MANY = 1_000
ARGUMENTS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("length", "lower", "upper", "trim", "abs", "floor", "ceil"), (1, 1)),
    **dict.fromkeys(("year", "month", "day", "hour", "minute", "earliest", "latest"), (1, 1)),
    **dict.fromkeys(("starts_with", "ends_with", "contains", "nullif", "names_agree"), (2, 2)),
    **dict.fromkeys(("coalesce", "greatest", "least"), (1, _MANY)),
    "regexp_matches": (2, 2),
    "substr": (2, 3),
    "substring": (2, 3),
    "replace": (3, 3),
    "date_diff": (3, 3),
    "datediff": (3, 3),
}
_OPENS = (TokenType.L_PAREN, TokenType.L_BRACKET)
_CLOSES = (TokenType.R_PAREN, TokenType.R_BRACKET)


def check_arguments(text: str, where: str) -> None:
    """Raise ConfigError if a function in the expression has too few or too many arguments."""
    try:
        tokens = sqlglot.tokenize(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError:
        return  # the parser gives a better message
    for place, token in enumerate(tokens[:-1]):
        least, most = ARGUMENTS.get(token.text.lower(), (0, 0))
        if not most or tokens[place + 1].token_type is not TokenType.L_PAREN:
            continue
        if token.token_type is TokenType.STRING:
            continue
        found = _count(tokens[place + 1 :])
        if found is not None and not least <= found <= most:
            wanted = f"{least}" if least == most else f"{least} or {most}"
            wanted = "at least 1" if most == _MANY else wanted
            plural = "" if wanted.endswith("1") else "s"
            takes = f"{token.text.lower()} takes {wanted} argument{plural}, not {found}"
            raise ConfigError(
                f"{where}: {takes}: {text}",
                remedy="see the package cytoreg.rules for the functions of rules",
            )


def _count(tokens: list[Token]) -> int | None:
    """Number of arguments between the parenthesis that opens `tokens` and its end; None without."""
    depth = commas = 0
    for place, token in enumerate(tokens):
        if token.token_type in _OPENS:
            depth += 1
        elif token.token_type in _CLOSES:
            depth -= 1
            if depth == 0:
                return 0 if place == 1 else commas + 1
        elif token.token_type is TokenType.COMMA and depth == 1:
            commas += 1
    return None
