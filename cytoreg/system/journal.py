"""Change many files and folders as one: a plan that is completed even after an interruption.

New content is written below `.forgetting/` in the data folder. Until `plan.json` is there nothing
has changed, and the next start removes the new content. Once the plan is there, the next start
completes it: every process that takes the lock of a data folder calls `finish` first.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from cytoreg.system import durable

__all__ = ["HOME", "Move", "carry_out", "finish", "making", "moves_of"]

HOME, PLAN, OLD = ".forgetting", "plan.json", "old"
MOVES = "moves.json"


@dataclass(frozen=True)
class Move:
    """`new` replaces `to`; without `new`, `to` is removed. Both are relative to the data folder."""

    to: str
    new: str = ""


class _Plan(TypedDict):
    """The file `PLAN`."""

    moves: list[dict[str, str]]
    keep: str


@contextmanager
def making(data: Path) -> Iterator[Path]:
    """A folder for new content; what is left of it at the end is removed."""
    home = data / HOME
    home.mkdir()
    try:
        yield home
    finally:
        if not (home / PLAN).exists():
            shutil.rmtree(home, ignore_errors=True)


def carry_out(data: Path, moves: Sequence[Move], *, keep: str = "") -> None:
    """Make all moves; replaced content is removed, or kept in `keep` of the data folder."""
    durable.sync_below(data / HOME)
    plan = {"moves": [asdict(move) for move in moves], "keep": keep}
    durable.write(data / HOME / PLAN, json.dumps(plan))
    finish(data)


def finish(data: Path) -> None:
    """Complete a plan that was begun; remove new content without a plan."""
    home = data / HOME
    if (home / PLAN).exists():
        with durable.private():
            _finish(data, home)
    elif home.is_dir():
        shutil.rmtree(home)


def _finish(data: Path, home: Path) -> None:
    plan: _Plan = json.loads((home / PLAN).read_text(encoding="utf-8"))
    moves = [Move(**move) for move in plan["moves"]]
    old = home / OLD
    if plan["keep"] and not (data / plan["keep"]).exists():
        old.mkdir(exist_ok=True)
        for half in old.glob(f".{MOVES}.*"):  # left by a start that was killed here
            half.unlink()
        durable.write(old / MOVES, json.dumps(plan["moves"]))
    for number, move in enumerate(moves):
        _make(data, move, old / str(number), keep=bool(plan["keep"]))
    if plan["keep"] and old.exists():
        target = data / plan["keep"]
        target.parent.mkdir(exist_ok=True)
        old.rename(target)
        durable.sync(target.parent)
    shutil.rmtree(home)
    durable.sync(data)


def moves_of(kept: Path) -> list[Move]:
    """The moves that put replaced content into a folder, where each has its number."""
    known: list[dict[str, str]] = json.loads((kept / MOVES).read_text(encoding="utf-8"))
    return [Move(**move) for move in known]


def _make(data: Path, move: Move, old: Path, *, keep: bool) -> None:
    """Make a move, or the rest of it; a move that is already made changes nothing."""
    target, new = data / move.to, data / move.new
    if move.new and not new.exists():
        return
    if target.exists():
        old.parent.mkdir(exist_ok=True)
        if target.is_dir() or not move.new:
            target.rename(old)
        elif keep and not old.exists():
            durable.link(target, old)  # replaced in one step; open readers are not disturbed
    if move.new:
        target.parent.mkdir(parents=True, exist_ok=True)
        new.rename(target)
    durable.sync(target.parent)
