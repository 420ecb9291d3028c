"""A kind of source in a package of its own: the one of docs/how-to/kind-of-source.md."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cytoreg import connect
from cytoreg.errors import ConfigError
from cytoreg.landing.check import check
from cytoreg.project.load import Project, load_project
from cytoreg.sources import kinds
from cytoreg.sources.page import page

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "kind-of-source.md").read_text(encoding="utf-8")
RESULTS = "R|S1|2016-05-04T08:12|CGA|182.0|ng/mL\nC|S1|0.1,0.2\nR|QC1|2016-05-04|CGA|9|ng/mL\n"
SECTION = """
[sources.results]
kind = "analyser"
path = "*.res"
tables = { results = "result" }
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Put a module and its entry points into a folder of installed packages."""
    made: list[str] = []

    def put(module: str, text: str, entries: dict[str, str], package: str = "hospital") -> None:
        site = tmp_path / f"site-{package}"
        about = site / f"{package.replace('-', '_')}-1.0.dist-info"
        about.mkdir(parents=True)
        (site / f"{module}.py").write_text(text, encoding="utf-8")
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in entries.items()]
        (about / "entry_points.txt").write_text("\n".join([f"[{kinds.GROUP}]", *lines, ""]))
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        kinds.kinds.cache_clear()
        made.append(module)

    yield put
    monkeypatch.undo()
    kinds.kinds.cache_clear()
    for module in made:
        sys.modules.pop(module, None)


@pytest.fixture
def analyser(install: Install) -> None:
    """The package of the page, installed."""
    files = dict(re.findall(r"```\w+ title=\"(.+?)\"\n(.*?)```", PAGE, re.DOTALL))
    said = tomllib.loads(files["pyproject.toml"])["project"]
    entries = said["entry-points"][kinds.GROUP]
    install("hospital_analyser", files["hospital_analyser.py"], entries, said["name"])


@pytest.mark.usefixtures("analyser")
def test_its_source_lands(project: Callable[[str], Project], landed: Callable) -> None:
    made = project(SECTION)
    (made.extracts / "a.res").write_text(RESULTS)
    landing, rows, rejects = landed(made, "results", "sample, value, _file, _row")
    assert rows == [("S1", "182.0", "a.res", 1)]
    assert rejects == [("results", 2, 2, "is no result", "C|S1|0.1,0.2")]
    assert (landing.kind, landing.origin) == ("analyser", "*.res")
    _, rows, _ = landed(project(f"{SECTION}controls = true\n"), "results", "sample")
    assert rows == [("S1",), ("QC1",)]


@pytest.mark.usefixtures("analyser")
def test_its_source_is_checked(project: Callable[[str], Project]) -> None:
    made = project(SECTION)
    (made.extracts / "a.res").write_text(RESULTS)
    (files, table) = check(made, "results")
    assert files == ("files", True, "*.res: 1 file, 0.0 MB")
    assert table[:2] == ("table results", True)
    assert "5 columns" in table[2]


@pytest.mark.usefixtures("analyser")
def test_its_section_is_held_against_its_own_model(project: Callable[[str], Project]) -> None:
    with pytest.raises(ConfigError, match=r"sources\.results\.control: unknown key \(perhaps"):
        project(f"{SECTION}control = true\n")
    with pytest.raises(ConfigError, match=r"sources\.results: .*one table"):
        project(SECTION.replace('result"', 'result", b = "b"'))


@pytest.mark.usefixtures("analyser")
@pytest.mark.parametrize("name", ["new.res", "new.txt"])
def test_its_source_is_drafted(name: str, project: Callable[[str], Project]) -> None:
    made = project("")
    (made.extracts / name).write_text(RESULTS)
    assert connect.guess(name, made.extracts) == "analyser"
    draft = connect.offered(made, "new", "analyser", name)
    added = connect.add(made, "new", draft, {"new": "result"})
    assert added.files == [
        "sql/staging/result.sql",
        "schemas/result.py",
        "expectations/accepted_result.yaml",
    ]
    assert "sample" in (made.root / "sql" / "staging" / "result.sql").read_text()
    assert load_project(made.root).config.sources["new"].kind == "analyser"


@pytest.mark.usefixtures("analyser")
def test_text_of_other_kinds_is_theirs_still(tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("a;b\n1;2\n")
    assert connect.guess("new.txt", tmp_path) == "csv"


@pytest.mark.usefixtures("analyser")
def test_its_page_has_its_keys_and_what_it_does_not_read() -> None:
    shown = page("analyser")
    assert shown.startswith("# analyser\n\nResults of the analyser, one table")
    meaning = "Whether the results of control samples land too."
    assert f"| `controls` | `true` or `false` | `false` | {meaning} |" in shown
    assert "| Results of control samples |" in shown


BARE = """
from hospital_analyser import Analyser, AnalyserSource
from typing import Literal
from pydantic import BaseModel, Field, create_model

class LabSource(AnalyserSource):
    kind: Literal["lab"]
    controls: bool = True
    rack: int = Field(1, ge=1, description="The rack.")

Made = create_model("Made", __base__=LabSource, tray=(str, "a"))

class Lab(Analyser):
    config = Made

LAB = Lab()
"""


@pytest.mark.usefixtures("analyser")
def test_the_keys_of_another_package_need_no_description(install: Install) -> None:
    install("hospital_lab", BARE, {"lab": "hospital_lab:LAB"}, "hospital-lab")
    shown = page("lab")
    assert "| `rack` | whole number from 1 | `1` | The rack. |" in shown
    assert '| `tray` | text | `"a"` |  |' in shown


@pytest.mark.parametrize("kind", sorted(kinds.OWN))
def test_every_kind_of_cytoreg_has_a_page_too(kind: str) -> None:
    assert f"# {kind}\n" in page(kind)


def test_two_kinds_of_one_name_are_refused(
    install: Install, project: Callable[[str], Project]
) -> None:
    install("hospital_csv", "", {"csv": "hospital_csv:CSV"})
    with pytest.raises(ConfigError, match=r"called csv: cytoreg and hospital 1\.0") as refused:
        project(SECTION)
    assert "uninstall" in refused.value.remedy


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import no_such_module\n", "of hospital 1.0 .* cannot be imported: ModuleNotFoundError"),
        ("", "cannot be imported: AttributeError"),
        ("LAB = object()\n", "is not a Reader"),
        ("from cytoreg.sources.json.reader import Json as LAB\n", "is not a Reader"),
        ("from cytoreg.sources.json.reader import JSON as LAB\n", "has no model of its section"),
    ],
)
def test_a_kind_that_is_none_is_refused_where_it_is_used(
    text: str, message: str, install: Install, project: Callable[[str], Project]
) -> None:
    install("hospital_lab", text, {"lab": "hospital_lab:LAB"})
    made = project(SECTION.replace("analyser", "csv") + 'columns = "all"\n')
    assert made.config.sources["results"].kind == "csv"
    with pytest.raises(ConfigError, match=message) as refused:
        project(SECTION.replace("analyser", "lab"))
    assert refused.value.remedy


def test_a_kind_that_there_is_not_is_told_with_one_like_it(
    project: Callable[[str], Project],
) -> None:
    with pytest.raises(ConfigError, match=r"sources\.results\.kind: .*'exel' \(perhaps excel\)"):
        project(SECTION.replace("analyser", "exel"))
    with pytest.raises(ConfigError, match=r"there is no kind exel \(perhaps excel\)"):
        kinds.reader("exel")


def test_a_project_imports_the_kinds_that_it_declares_and_no_others(
    project: Callable[[str], Project],
) -> None:
    made = project(SECTION.replace("analyser", "csv") + 'columns = "all"\n')
    code = (
        "import sys; from pathlib import Path; from cytoreg.project.load import load_project\n"
        "load_project(Path(sys.argv[1]))\n"
        "print(*sorted(name for name in sys.modules if name.endswith('.reader')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, made.root], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["cytoreg.sources.reader", "cytoreg.sources.text.reader"]
