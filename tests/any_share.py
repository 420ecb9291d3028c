"""Run mypy, and name the modules in which more than 1 % of the expressions have the type Any.

mypy counts only what it checks anew, without its cache. So a run that found nothing is remembered,
and is not repeated before the package, the configuration or the locked environment changes.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

LIMIT = 1.0
"""Per cent of a module's expressions."""

_LONG = "mypy counts each line of a long Annotated or Literal as one, though it has no Any"
KNOWN: Mapping[str, tuple[float, str]] = {
    "cytoreg.cli.common": (3, _LONG),
    "cytoreg.nights.audit": (3, _LONG),
    "cytoreg.project.thresholds": (2, "one expression of 71, which pydantic's validator has"),
    "cytoreg.suites.texts": (7, "dateutil and jsonschema have no types; they are called here only"),
}
"""Modules above the limit: the per cent that they may have, and why."""

_ROOT = Path(__file__).parents[1]
_PASSED = _ROOT / ".mypy_cache" / "any_share"


def faults(report: str, known: Mapping[str, tuple[float, str]] = KNOWN) -> Iterator[str]:
    """What is wrong with the shares in mypy's any-exprs report, and with the list of known ones."""
    shares = {
        name: 100 * int(anys) / int(expressions)
        for name, anys, expressions, _ in map(str.split, report.splitlines()[2:-2])
    }
    for name, share in shares.items():
        allowed = known[name][0] if name in known else LIMIT
        if share > allowed:
            yield f"{name}: {share:.1f} % of the expressions are Any, {allowed:g} % may be"
    for name in known:
        if shares.get(name, 0) <= LIMIT:
            yield f"{name} has at most {LIMIT:g} % Any: drop it from KNOWN in {Path(__file__).name}"


def _checked() -> str:
    """A digest of what mypy's verdict follows from."""
    found = hashlib.sha256(sys.version.encode())
    files = (_ROOT / "pyproject.toml", _ROOT / "requirements.lock", Path(__file__))
    for path in (*files, *sorted((_ROOT / "cytoreg").rglob("*.py"))):
        found.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()


def main() -> int:
    """Check; the exit status is 1 for a fault, and mypy's own where mypy fails."""
    checked = _checked()
    if _PASSED.exists() and _PASSED.read_text() == checked:
        print("mypy found nothing, and nothing has changed since")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mypy", "--any-exprs-report", folder]
        status = subprocess.run(command, cwd=_ROOT, check=False).returncode
        if status:
            return status
        found = list(faults(Path(folder, "any-exprs.txt").read_text()))
    print(*found, sep="\n", end="\n" if found else "")
    if not found:
        _PASSED.parent.mkdir(exist_ok=True)
        _PASSED.write_text(checked)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
