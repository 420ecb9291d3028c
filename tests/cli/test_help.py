"""Help that teaches, and answers at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import run, run_process

COMMANDS = (
    "init", "simulate", "sources list", "sources add", "sources kinds", "refresh",
    "validate", "serve", "rollback",
    "publish", "query", "report", "findings", "decide", "decisions", "worklist export",
    "worklist import", "record", "steward", "user add", "user list",
    "user remove", "plot", "plan", "diff", "runs", "rules",
    "doctor", "verify", "status", "backup",
    "restore", "forget", "key new", "key rotate",
)  # fmt: skip
HEAVY = "duckdb pyarrow pandas numpy pandera great_expectations prefect lifelines matplotlib lxml"


def test_help_lists_every_command_and_exit_code(tmp_path: Path) -> None:
    shown = run_process("--help", cwd=tmp_path)
    assert shown.code == 0
    for word in COMMANDS:
        assert f"\n  {word.split()[0]} " in shown.out, word
    assert "0 done (published), 1 gate closed" in shown.out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_shows_an_example_of_itself(command: str, tmp_path: Path) -> None:
    shown = run(*command.split(), "--help", cwd=tmp_path)
    assert shown.code == 0
    assert "Example:" in shown.out
    assert f"cytoreg {command}" in shown.out.split("Example:")[1]


def test_help_needs_no_heavy_package() -> None:
    code = (
        "import sys\nfrom cytoreg.cli.app import load_commands\nload_commands()\n"
        f"print(*(set({HEAVY.split()!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("refersh",), "No such command"),
        (("refresh", "--as-off", "2016-12-31"), "No such option"),
        (("refresh", "--as-of", "31.12.2016"), "Invalid value"),
        (("query",), "Missing argument"),
    ],
)
def test_wrong_use_is_exit_code_2(
    arguments: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    done = run_process(*arguments, cwd=tmp_path)
    assert done.code == 2
    assert expected in done.err


def test_outside_a_project_one_line_says_what_to_do(tmp_path: Path) -> None:
    done = run("refresh", cwd=tmp_path)
    assert done.code == 2
    assert "no cytoreg.toml" in done.err
    assert "cytoreg init" in done.err
