"""The wheel brings the reference project along, and a project made from it works."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_a_project_can_be_made_from_the_wheel_alone(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        tops = {name.split("/")[0] for name in packed.namelist()}
        packed.extractall(tmp_path / "site")
    assert {top for top in tops if not top.endswith(".dist-info")} == {"cytoreg"}

    def cytoreg(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-P", "-m", "cytoreg", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    cytoreg("init", "mine", "--template", "reference")
    for name in ("schemas", "sql", "views", "expectations", "flows"):
        ours = sorted(p.relative_to(ROOT) for p in (ROOT / name).rglob("*.*"))
        theirs = sorted(
            p.relative_to(tmp_path / "mine") for p in (tmp_path / "mine" / name).rglob("*.*")
        )
        assert [p for p in ours if p.suffix != ".pyc"] == theirs
    for template in ("blank", "survival"):
        cytoreg("init", template, "--template", template)
        own = ROOT / "templates" / template
        for path in (path for path in own.rglob("*.*") if path.suffix != ".pyc"):
            made = tmp_path / template / path.relative_to(own)
            assert made.read_bytes() == path.read_bytes()
        assert (tmp_path / template / "flows" / "nightly.py").is_file()
    assert "procedure.patient_exists" in cytoreg("rules", "--project", "mine", "procedure")
