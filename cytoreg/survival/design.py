"""Covariates as columns of numbers: what a regression model takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import Reduced
from cytoreg.survival.patients import Floats


@dataclass(frozen=True)
class Column:
    """One column of a design: a number, or whether a patient has `level` (and not `reference`)."""

    covariate: str
    level: object = None
    reference: object = None

    @property
    def term(self) -> str:
        """The covariate's name, or covariate=level."""
        return self.covariate if self.level is None else f"{self.covariate}={self.level}"


def design(
    parts: Sequence[Reduced], covariates: Sequence[str], reference: Mapping[str, object]
) -> tuple[list[Column], list[Floats]]:
    """The columns of all covariates, and of each part the matrix (rows × columns).

    A covariate of text, or with a reference, has a column for each value but one: that of
    `reference`, else the first in order (of categories: their own). Any other is a number. Missing
    values come out as NaN.
    Raises CytoregError for a reference that no patient has, or a covariate with one value only.
    """
    columns: list[Column] = []
    pieces: list[list[Floats]] = [[] for _ in parts]
    for name in covariates:
        arrays = [part[name] for part in parts]
        if name not in reference and all(array.dtype.kind in "iuf" for array in arrays):
            columns.append(Column(name))
            for piece, array in zip(pieces, arrays, strict=True):
                piece.append(array.astype(np.float64)[:, None])
            continue
        first, *others = _levels(name, arrays, reference, parts[0].levels.get(name))
        columns += [Column(name, level, first) for level in others]
        for piece, array in zip(pieces, arrays, strict=True):
            piece.append(_indicators(array, others))
    return columns, [np.hstack(piece) for piece in pieces]


def _levels(
    name: str,
    arrays: Sequence[NDArray[np.generic]],
    reference: Mapping[str, object],
    order: Sequence[str] | None,
) -> list[object]:
    """A covariate's values, the reference first, the others in order."""
    found = {value for array in arrays for value in array.tolist() if not _missing(value)}
    try:
        levels = sorted(found, key=order.index if order else None)
    except TypeError:
        raise CytoregError(f"the values of covariate {name} have no order") from None
    if len(levels) < 2:
        raise CytoregError(f"covariate {name} has fewer than two values: nothing to compare")
    chosen = reference.get(name, levels[0])
    if chosen not in found:
        raise CytoregError(f"no patient has the reference of covariate {name}")
    return [chosen, *(level for level in levels if level != chosen)]


def _indicators(array: NDArray[np.generic], levels: Sequence[object]) -> Floats:
    missing = np.array([_missing(value) for value in array.tolist()], dtype=bool)
    table = np.stack([(array == level) for level in levels], axis=1).astype(np.float64)
    table[missing] = np.nan
    return table


def _missing(value: object) -> bool:
    return value is None or value != value
