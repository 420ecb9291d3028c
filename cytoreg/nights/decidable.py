"""Whether something can be decided about findings as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cytoreg.errors import ConfigError
from cytoreg.nights.decision import ACTS, STATUSES, Act, Event, status_of

__all__ = ["require"]


def require(
    wanted: Sequence[str],
    there: Mapping[str, bool],
    events: Mapping[str, list[Event]],
    act: Act,
    seen: int | None,
) -> None:
    """Raise ConfigError if one of these findings cannot be decided about so."""
    _require_known(wanted, there, act)
    _require_unchanged({one: events.get(one, []) for one in wanted}, seen)
    _require_allowed(wanted, events, act)


def _require_known(wanted: Sequence[str], there: Mapping[str, bool], act: Act) -> None:
    """Raise ConfigError for findings that no night had, and for such as are gone."""
    if unknown := [one for one in wanted if one not in there]:
        raise ConfigError(
            f"no published night had {_listed(unknown)}", remedy="see: cytoreg findings"
        )
    gone = [one for one in wanted if not there[one]]
    if gone and act != "comment":
        raise ConfigError(
            f"gone already: {_listed(gone)}",
            remedy="nothing is to be decided; a comment can be added",
        )


def _require_unchanged(events: Mapping[str, list[Event]], seen: int | None) -> None:
    """Raise ConfigError if somebody decided after the decision of number `seen`."""
    newer = [one for several in events.values() for one in several if one.number > (seen or 0)]
    if seen is None or not newer:
        return
    by = ", ".join(sorted({one.who for one in newer}))
    raise ConfigError(
        f"decided meanwhile by {by}: {_listed(sorted({one.finding for one in newer}))}",
        remedy="look at them again, then decide",
    )


def _require_allowed(wanted: Sequence[str], events: Mapping[str, list[Event]], act: Act) -> None:
    """Raise ConfigError if the status of one of them does not allow the act."""
    _, allowed = ACTS[act]
    for status in STATUSES:
        if status not in allowed:
            refused = [one for one in wanted if status_of(events.get(one, [])) == status]
            if refused:
                raise ConfigError(
                    f"{act}: {_listed(refused)} {'is' if len(refused) == 1 else 'are'} {status}",
                    remedy="reopen first" if status == "closed" else f"only {' or '.join(allowed)}",
                )


def _listed(findings: Sequence[str]) -> str:
    """Names of findings, the first ones."""
    more = f" and {len(findings) - 5:,} more" if len(findings) > 5 else ""
    return ", ".join(findings[:5]) + more
