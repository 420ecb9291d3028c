"""The marts of two runs compared: which runs, by which grain, and which marts hold estimates."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import ConfigError
from cytoreg.nights.kept_runs import PUBLIC, answering
from cytoreg.publication import difference
from cytoreg.publication.keys import key_behind
from cytoreg.publication.publish import publications

if TYPE_CHECKING:
    from cytoreg.project.load import Project
    from cytoreg.publication.difference import Cell, Difference

__all__ = ["Comparison", "compare", "grains_of", "published_before"]


@dataclass(frozen=True)
class Comparison:
    """How the marts of two runs differ; estimates: those marts whose cells are about nobody.

    same_key: whether the same patient has the same pseudonym in both.
    """

    before: str
    after: str
    marts: list[Difference]
    estimates: set[str]
    same_key: bool
    files: tuple[Path, Path]

    def cells(self, mart: Difference, most: int | None = None) -> list[Cell]:
        """The cells of a mart that differ: see `publication.difference.cells`."""
        return difference.cells(*self.files, mart, most)


def compare(project: Project, before: str | None, after: str | None) -> Comparison:
    """Compare two runs, by default the published one with the one published before it.

    Raises ConfigError if there is no such run.
    """
    new = answering(project, after, PUBLIC)
    old = answering(project, before or published_before(project, new.run_id), PUBLIC)
    files = old.folder / PUBLIC, new.folder / PUBLIC
    grains, estimates = grains_of(project)
    same_key = len({key for key in map(key_behind, files) if key}) <= 1
    marts = difference.differences(*files, grains)
    return Comparison(old.run_id, new.run_id, marts, estimates, same_key, files)


def published_before(project: Project, run_id: str) -> str:
    """The run that was published before this one; raises ConfigError if none is kept."""
    if earlier := [run for run in publications(project) if run < run_id]:
        return earlier[0]
    raise ConfigError(
        f"no build that was published before {run_id} is kept any more",
        remedy="name a run; see: cytoreg runs",
    )


def grains_of(project: Project) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """The columns that identify a row of each mart, and the marts of estimates and outcomes.

    Of these, the one about single patients is left out.
    """
    from cytoreg import outcomes, survival
    from cytoreg.models.build import load_models

    estimates = (*survival.TABLES, *outcomes.tables(project.config))
    models = load_models(project.root / "sql")
    grains = {name: model.grain for name, model in models.items()}
    grains |= {table.name: table.grain for table in estimates}
    return grains, {table.name for table in estimates if "patient" not in table.grain}
