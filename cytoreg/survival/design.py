"""Covariates as numeric columns for a regression model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cytoreg.errors import CytoregError
from cytoreg.survival.cohort import Reduced
from cytoreg.survival.patients import Floats


@dataclass(frozen=True)
class Column:
    """One column of a design: a number, or whether a patient has `level` (and not `reference`).

    `constant`: all patients have one value; for a category it is `reference`, and there is no
    level.
    """

    covariate: str
    level: object = None
    reference: object = None
    constant: bool = False

    @property
    def term(self) -> str:
        """The covariate's name, or covariate=level."""
        return self.covariate if self.level is None else f"{self.covariate}={self.level}"


def named_once(covariates: Sequence[str]) -> list[str]:
    """The covariates. Raises CytoregError for none, and for one named twice."""
    found = [covariates] if isinstance(covariates, str) else list(covariates)
    if not found or len(set(found)) < len(found):
        raise CytoregError("a model needs covariates, each named once")
    return found


def design(
    parts: Sequence[Reduced], covariates: Sequence[str], reference: Mapping[str, object]
) -> tuple[list[Column], list[Floats]]:
    """The columns of all covariates, and each part's matrix (rows × columns); none is missing.

    A covariate of text, or with a reference, has a column for each value except `reference`, by
    default the first in order (for categories: their own). Any other is a number. Raises
    CytoregError for a reference that no patient has.
    """
    columns: list[Column] = []
    pieces: list[list[Floats]] = [[] for _ in parts]
    for name in covariates:
        arrays = [part[name] for part in parts]
        if name not in reference and all(array.dtype.kind in "iuf" for array in arrays):
            tables = [array.astype(np.float64)[:, None] for array in arrays]
            constant = len(np.unique(np.concatenate(tables))) < 2
            columns.append(Column(name, constant=constant))
            if constant:  # less its mean it would be rounding error
                tables = [np.zeros_like(table) for table in tables]
        else:
            first, *others = _levels(name, arrays, reference, parts[0].levels.get(name))
            columns += [Column(name, level, first) for level in others]
            if not others:
                columns.append(Column(name, None, first, constant=True))
            tables = [_indicators(array, others) for array in arrays]
        for piece, table in zip(pieces, tables, strict=True):
            piece.append(table)
    return columns, [np.hstack(piece) for piece in pieces]


def given(array: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a covariate has a value: a number that is finite, text that is not empty (None)."""
    if array.dtype.kind in "iuf":
        finite: NDArray[np.bool_] = np.isfinite(array)
        return finite
    return np.array([value is not None and value == value for value in _values(array)], dtype=bool)


def _values(array: NDArray[np.generic]) -> list[object]:
    """An array's values as Python has them."""
    values: list[object] = array.tolist()
    return values


def _levels(
    name: str,
    arrays: Sequence[NDArray[np.generic]],
    reference: Mapping[str, object],
    order: Sequence[str] | None,
) -> list[object]:
    """A covariate's values, the reference first, the others in order."""
    found: set[Any] = {value for array in arrays for value in _values(array)}
    try:
        levels: list[object] = sorted(found, key=order.index if order else None)
    except TypeError:
        raise CytoregError(f"the values of covariate {name} have no order") from None
    chosen = reference.get(name, levels[0])
    if chosen not in found:
        raise CytoregError(f"no patient has the reference of covariate {name}")
    return [chosen, *(level for level in levels if level != chosen)]


def _indicators(array: NDArray[np.generic], levels: Sequence[object]) -> Floats:
    if not levels:
        return np.zeros((len(array), 1))
    return np.stack([(array == level) for level in levels], axis=1).astype(np.float64)
