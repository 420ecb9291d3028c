"""The check of how many expressions of a module may be Any."""

from any_share import faults

REPORT = """\
        Name   Anys   Exprs   Coverage
--------------------------------------
     one.few      1     100     99.00%
    one.many      2     100     98.00%
   one.named      3     100     97.00%
--------------------------------------
       Total      6     300     98.00%
"""


def test_modules_above_the_limit_are_named() -> None:
    named = {"one.named": (3, "a library without types")}
    assert list(faults(REPORT, named)) == ["one.many: 2.0 % of the expressions are Any, 1 % may be"]


def test_a_known_module_may_not_get_worse() -> None:
    known = {"one.many": (2, ""), "one.named": (2, "")}
    assert list(faults(REPORT, known)) == [
        "one.named: 3.0 % of the expressions are Any, 2 % may be"
    ]


def test_a_known_module_that_needs_no_exception_is_named() -> None:
    known = {"one.few": (2, ""), "one.many": (2, ""), "one.named": (3, ""), "one.gone": (2, "")}
    assert list(faults(REPORT, known)) == [
        f"one.{name} has at most 1 % Any: drop it from KNOWN in any_share.py"
        for name in ("few", "gone")
    ]
