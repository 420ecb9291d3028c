"""Where a run's build comes from: the code, the landings, and the last build, for `Making`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from cytoreg.nights.run import last_made
from cytoreg.nights.run_folder import opened
from cytoreg.survival.analysis import table_hash
from cytoreg.system.engine import engine, files_hash
from cytoreg.warehouse.last_build import copy_whole
from cytoreg.warehouse.making import Making, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from cytoreg.manifest import Landing
    from cytoreg.models.file import Model
    from cytoreg.nights.run import Run

__all__ = ["common_of", "making", "views_of"]


@contextmanager
def making(run: Run, landings: Sequence[Landing]) -> Iterator[Making]:
    """The run's build, to be made from these landings."""
    from cytoreg.models import build

    models = build.load_models(run.root / "sql")
    before = None if run.full else last_made(run, run.build.name)
    always = frozenset(name for name, model in models.items() if not model.repeatable)
    views = views_of(models, run.as_of)
    origin = Origin(common_of(run), _landed(landings), views, always, before)
    identity = _identity(run, origin)
    if before and not run.build.exists() and not always:
        copy_whole(before, run.build, identity, models)  # if nothing changed
    with opened(run) as con, closing(Making(con, origin)) as made:
        made.mark(identity)
        yield made


def _identity(run: Run, origin: Origin) -> str:
    """What the whole build is made from: landings, project, the files that it names, `as_of`."""
    config, root = run.project.config, run.root
    known = [
        *(origin.common, origin.landed, run.project.content_hash(), str(run.as_of)),
        run.purpose == "validate",  # makes no marts
        *(config.model_dump_json(exclude={"sources"}), files_hash(root / "schemas")),
        *(table_hash(endpoint.life_table, root) for endpoint in config.survival.values()),
    ]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def views_of(models: Mapping[str, Model], as_of: date) -> dict[str, tuple[str, frozenset[str]]]:
    """The SQL of views that count by it, and what they read."""
    from cytoreg.models.file import AS_OF

    return {
        name: (AS_OF.sub(str(as_of), model.sql), model.reads)
        for name, model in models.items()
        if model.materialized == "view" and model.repeatable
    }


def common_of(run: Run) -> dict[str, object]:
    """What every step of the run depends on."""
    from cytoreg.identity import forgotten
    from cytoreg.identity.key import fingerprint_of
    from cytoreg.nights.run_key import run_key

    return {
        "cytoreg or a library that it computes with": engine(),
        "the pseudonym key": fingerprint_of(run_key(run)),
        "the time zone": run.time_zone,
        "the list of forgotten persons": [entry.id for entry in forgotten.entries(run.data)],
    }


def _landed(landings: Sequence[Landing]) -> dict[str, str]:
    """The hash of the Parquet file behind each view on landed rows, by the view's name."""
    return {
        f"landing.{landing.source}_{table.table}": stored.sha256
        for landing in landings
        for table in landing.tables
        for stored in landing.stored
        if stored.name == f"{table.table}.parquet"
    }
