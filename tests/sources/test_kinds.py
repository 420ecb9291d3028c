"""Every kind of source is declared, read and documented in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from cytoreg.sources.declaration import Source
from cytoreg.sources.keys import keys, sections
from cytoreg.sources.kinds import OWN, reader
from cytoreg.sources.unread import INSTEAD

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("kind", sorted(OWN))
def test_every_key_of_a_kind_is_on_its_page(kind: str) -> None:
    page = (DOCS / "sources" / f"{kind}.md").read_text(encoding="utf-8")
    config = reader(kind).config
    own = config.model_fields.keys() - Source.model_fields.keys()
    assert [key for key in sorted(own - {"kind"}) if f"| `{key}` |" not in page] == []
    models = [config, *(model for _, model in sections(config))]
    assert [
        model.__name__ for model in models if f"<!-- Keys of {model.__name__}:" not in page
    ] == []
    assert f'kind = "{kind}"' in page
    assert f"sources/{kind}.md" in (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    reference = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    assert f"../sources/{kind}.md" in reference


@pytest.mark.parametrize("kind", sorted(OWN))
def test_every_key_of_a_kind_has_a_meaning(kind: str) -> None:
    config = reader(kind).config
    found = {
        f"{model.__name__}.{key.name}": key.meaning
        for model in (config, *(model for _, model in sections(config)))
        for key in keys(model)
    }
    assert found
    assert [key for key, meaning in found.items() if not meaning] == []


@pytest.mark.parametrize("kind", sorted(OWN))
def test_every_kind_has_a_register_of_what_is_not_read(kind: str) -> None:
    folder = OWN[kind].module.split(".")[2]
    wanted = (
        f"add to UNREAD[{kind!r}] in cytoreg/sources/{folder}/unread.py (see that of json), then"
        " run: python docs/generate.py"
    )
    register = reader(kind).unread()
    assert len(register) >= 3, wanted
    assert len({one.feature for one in register}) == len(register)
    assert {one.instead for one in register} <= INSTEAD.keys()
    page = (DOCS / "sources" / f"{kind}.md").read_text(encoding="utf-8")
    assert page.count("## What is not read\n") == 1, wanted
    assert [one.feature for one in register if one.feature not in page] == [], wanted
