"""Windows of calendar time and of follow-up: period analysis, and survival of those alive."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import By, Cohort, days
from cytoreg.survival.curves import survival_landmark
from cytoreg.survival.kaplan_meier import Interval
from cytoreg.survival.life_table import LifeTable
from cytoreg.survival.net import net_survival
from cytoreg.survival.relation import check_kind, plain, relation_of
from cytoreg.warehouse.connection import quote

if TYPE_CHECKING:
    import pandas as pd
    from duckdb import DuckDBPyRelation

Day = date | str | None


def window(
    cohort: Cohort,
    *,
    begin: Day = None,
    end: Day = None,
    started_from: Day = None,
    started_to: Day = None,
) -> DuckDBPyRelation:
    """The cohort as seen in a window of calendar time; all other columns are unchanged.

    A patient is at risk from `begin` on and up to `end`, both dates: entry_days becomes
    max(entry, begin − start) if there is a `begin`, time_days min(time, end − start), and an event
    after `end` is none.
    Those never at risk in the window (in R, too, who leaves on the day of entry never is), or whose
    start is before `started_from` or after
    `started_to`, are not in it, nor are those whose start is unknown.
      period analysis    begin, end: the survival of those under observation in these years;
      cohort analysis    started_from, started_to;
      complete           end, and perhaps started_from;
      mixed              begin, end and started_from.
    Brenner and Gefeller, Cancer 1996 (period analysis).
    In R: popEpi::survtab(…, breaks = list(per = c(begin, end), fot = …)), and Surv(entry, time,
    event) for the estimates.

    Raises CytoregError for a date that is no ISO date, an end before the beginning, and a cohort
    that cannot be read.

    >>> import pandas as pd
    >>> from cytoreg.survival import kaplan_meier, window
    >>> cohort = pd.DataFrame({"time_days": [100, 500, 900], "event": [1, 1, 1]})
    >>> cohort = cohort.assign(start_date=["2007-03-01", "2007-06-01", "2009-01-01"])
    >>> seen = window(cohort, begin="2008-01-01", end="2010-12-31")
    >>> seen.project("entry_days, time_days, event").order("time_days").fetchall()
    [(214, 500, 1), (0, 729, 0)]
    """
    limits = [_day(given) for given in (begin, end, started_from, started_to)]
    for earlier, later in (limits[:2], limits[2:]):
        if earlier and later and later < earlier:
            raise CytoregError("a window ends before it begins")
    relation = relation_of(cohort, None)
    kinds = {n.lower(): str(t).split("(")[0] for n, t in _columns(relation)}
    for name in ("time_days", "event", "start_date"):
        check_kind(kinds, name, stratum=False)
    start = plain("start_date", kinds["start_date"])
    first, last, from_, to = (f"date '{day}'" if day else "" for day in limits)
    entry = "entry_days" if "entry_days" in kinds else "0"
    late = f"greatest({entry}, date_diff('day', {start}, {first}))" if first else entry
    until = f"date_diff('day', {start}, {last})" if last else "time_days"
    event = "event" if not last else f"case when time_days > {until} then 0 else event end"
    taken = {"time_days": f"least(time_days, {until})", "event": event, "start_date": start}
    delayed = bool(first) or "entry_days" in kinds
    if delayed:
        taken["entry_days"] = late
    others = [quote(n) for n in relation.columns if n.lower() not in taken]
    seen = relation.project(", ".join([*others, *(f"{v} as {n}" for n, v in taken.items())]))
    kept = ["time_days > entry_days" if delayed else "time_days >= 0", "start_date is not null"]
    kept += [f"start_date >= {from_}"] if from_ else []
    kept += [f"start_date <= {to}"] if to else []
    return seen.filter(" and ".join(f"({one})" for one in kept))


def conditional_survival(
    cohort: Cohort,
    given: float,
    at: ArrayLike,
    by: By = None,
    interval: Interval = "log-log",
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Survival to `at` years of those who have survived `given` years: S(t) / S(s).

    Columns: those of `by`, then given_years, years (from the start, as `given` is), at_risk,
    survival, std_err, lower, upper. The variance is Greenwood's of the deaths after s alone: the
    patients followed past s, entering then, are a cohort of their own. Strata without such patients
    have no rows. Years before `given` are refused.
    In R: summary(survfit(…, start.time = given * 365.25), times = at * 365.25).

    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import conditional_survival
    >>> cohort = pd.DataFrame({"time_days": [100, 500, 900, 1500], "event": [1, 1, 1, 0]})
    >>> conditional_survival(cohort, given=1, at=[2, 4])[["years", "at_risk", "survival"]].round(3)
       years  at_risk  survival
    0    2.0        2     0.667
    1    4.0        1     0.333
    """
    later = _survivors(cohort, given, at)
    found = survival_landmark(later, at, by, interval, confidence=confidence)
    return _with_given(found, given)


def conditional_net_survival(
    cohort: Cohort,
    table: LifeTable,
    given: float,
    at: ArrayLike,
    by: By = None,
    *,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Net survival (Pohar Perme) to `at` years of those followed past `given` years: N(t) / N(s).

    Columns: those of `by`, then given_years, years, at_risk, estimate, std_err, lower, upper. The
    factors of the product after s, and their variance: the patients' population survival counts
    from their start, not from s.
    Pohar Perme, Stare and Estève, Biometrics 2012.

    Raises CytoregError for input that cannot be estimated (counts of rows, never values).

    >>> import pandas as pd
    >>> from cytoreg.survival import LifeTable, conditional_net_survival
    >>> cohort = pd.DataFrame({"time_days": [400, 1200, 3000, 4000], "event": [1, 1, 1, 0]})
    >>> cohort = cohort.assign(age_days=24000, sex="female", start_date=pd.Timestamp("2001-05-10"))
    >>> usa = LifeTable.builtin("usa")
    >>> found = conditional_net_survival(cohort, usa, given=2, at=5)
    >>> found[["years", "at_risk", "estimate"]].round(2)
       years  at_risk  estimate
    0    5.0        2      0.71
    """
    later = _survivors(cohort, given, at)
    return _with_given(net_survival(later, table, at=at, by=by, confidence=confidence), given)


def _survivors(cohort: Cohort, given: float, at: ArrayLike) -> DuckDBPyRelation:
    """Those followed past `given` years, entering then. At 0 everybody."""
    years = np.atleast_1d(np.asarray(at, dtype=np.float64))
    if not (np.isfinite(given) and given >= 0 and np.all(years >= given)):
        raise CytoregError(
            "conditional survival is given years from 0 on, to years not before them"
        )
    relation = relation_of(cohort, None)
    kinds = {n.lower(): str(t).split("(")[0] for n, t in _columns(relation)}
    check_kind(kinds, "time_days", stratum=False)
    if given == 0:
        return relation
    day = float(days(given))
    entry = f"greatest(entry_days, {day!r})" if "entry_days" in kinds else repr(day)
    others = [quote(n) for n in relation.columns if n.lower() != "entry_days"]
    kept = relation.filter(f"time_days > {day!r} + 1e-6 or time_days is null")
    return kept.project(", ".join([*others, f"cast({entry} as double) as entry_days"]))


def _with_given(found: pd.DataFrame, given: float) -> pd.DataFrame:
    """`found` with the years survived before `years`."""
    found.insert(list(found.columns).index("years"), "given_years", float(given))
    return found


def _columns(relation: DuckDBPyRelation) -> list[tuple[str, object]]:
    return list(zip(relation.columns, relation.types, strict=True))


def _day(given: Day) -> date | None:
    """A date, or an ISO text of one."""
    try:
        return date.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        raise CytoregError(
            "a limit of the window is no date", remedy="write it as 2008-01-31"
        ) from None
