"""Tables of keys from the models; the page of cytoreg.toml, with prose from configuration.in.md."""

from __future__ import annotations

import re
import sys
from inspect import cleandoc
from pathlib import Path

from markdown_text import literal, table
from pydantic import BaseModel

from cytoreg.sources.keys import keys as keys_of
from cytoreg.sources.keys import sections

PROSE = Path(__file__).with_name("configuration.in.md")


def page() -> str:
    """The whole page; ends the program for a section that the prose does not place."""
    from cytoreg.project.config import Config
    from cytoreg.sources.declaration import Source

    placed_here = (*sections(Config), ("sources", Source), *sections(Source))
    models = {model.__name__: model for _, model in placed_here}
    prose = PROSE.read_text(encoding="utf-8")
    placed = set(re.findall(r"{{ (\w+) }}", prose))
    if differ := placed.symmetric_difference({*models, "kinds"}):
        sys.exit(f"docs/configuration.in.md and the models differ in: {', '.join(sorted(differ))}")
    tables = {name: keys(model) for name, model in models.items()} | {"kinds": kinds()}
    return re.sub(r"{{ (\w+) }}\n", lambda found: tables[found[1]], prose)


def keys(model: type[BaseModel]) -> str:
    """The table of a section's keys; ends the program for a key without a meaning."""
    found = keys_of(model)
    if missing := [key.name for key in found if not key.meaning]:
        sys.exit(f"keys of {model.__name__} without a docstring: {', '.join(missing)}")
    rows = [(f"`{key.name}`", key.type, key.default, literal(key.meaning)) for key in found]
    return table(("key", "type", "default", "meaning"), rows)


def kinds() -> str:
    """The table of cytoreg's own kinds of source."""
    from cytoreg.sources.kinds import OWN, reader

    rows = [
        (f"[`{kind}`](../sources/{kind}.md)", literal(cleandoc(reader(kind).config.__doc__ or "")))
        for kind in OWN
    ]
    return table(("kind", "what it reads"), [(kind, text.split("\n")[0]) for kind, text in rows])
