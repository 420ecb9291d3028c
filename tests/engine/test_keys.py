"""Pseudonyms need a strong key that stays; only a simulated hospital has one that is public."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import duckdb
import pytest
import small_registry

from cytoreg.errors import ConfigError
from cytoreg.identity.key import is_demo, key_of
from cytoreg.identity.pseudonyms import define_pseudonym, fingerprint, is_strong
from cytoreg.keeping.rotate import rotate
from cytoreg.nights import audit
from cytoreg.nights.refresh import refresh
from cytoreg.nights.undo import rollback
from cytoreg.project.load import Project, load_project

NAME = "CYTOREG_PSEUDONYM_KEY"
FIRST, SECOND = "0123456789abcdef" * 2, "fedcba9876543210" * 4


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(small_registry.write(tmp_path / "small"))


def test_a_pseudonym_is_an_hmac_of_kind_and_text() -> None:
    with duckdb.connect() as con:
        define_pseudonym(con, FIRST)
        ((made,),) = con.execute("select pseudonym('patient', 'Ä 0001')").fetchall()
    derived = hashlib.sha256(b"cytoreg pseudonym\0" + FIRST.encode()).digest()
    expected = hmac.new(derived, "patient\x1fÄ 0001".encode(), hashlib.sha256).hexdigest()
    assert made == "P" + expected[:16].upper()


@pytest.mark.parametrize(
    ("key", "strong"),
    [
        (FIRST, True),
        (SECOND.upper(), True),
        (FIRST[:-1], False),
        ("a secret of many words and letters", False),
        ("0" * 64, False),
        ("01" * 32, False),
    ],
)
def test_a_key_has_128_bits_or_more(
    key: str, strong: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_strong(key) == strong
    monkeypatch.setenv(NAME, key)
    if strong:
        assert key_of(project) == key
    else:
        with pytest.raises(ConfigError, match="too weak") as told:
            key_of(project)
        assert key not in str(told.value)


def test_without_a_key_nothing_is_published(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in (None, "", " "):
        if value is None:
            monkeypatch.delenv(NAME)
        else:
            monkeypatch.setenv(NAME, value)
        with pytest.raises(ConfigError, match=f"{NAME} is not set"):
            refresh(project)
    assert not project.builds.exists()
    assert not project.published.exists()


def test_without_a_key_a_validation_judges(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(NAME)
    verdict = refresh(project, publish=False)
    assert verdict.closed == []
    with pytest.raises(ConfigError):
        rollback(project)


def test_a_demo_is_a_simulated_hospital_that_nobody_touched(tmp_path: Path) -> None:
    from cytoreg.demo import simulate

    root = Path(__file__).resolve().parents[2]
    simulate(tmp_path / "extracts", patients=20, defects=False)
    project = load_project(root, extracts=tmp_path / "extracts", data=tmp_path / "data")
    assert is_demo(project)
    (tmp_path / "extracts" / "or_log" / "or_log_2010.csv").write_text("MRN\n")
    assert not is_demo(project)


def test_a_project_that_reads_elsewhere_is_no_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cytoreg.demo import simulate

    root = Path(__file__).resolve().parents[2]
    simulate(tmp_path / "extracts", patients=20, defects=False)
    monkeypatch.setenv("HOSPITAL_URL", "postgresql://hospital/records")
    project = load_project(root, extracts=tmp_path / "extracts", data=tmp_path / "data")
    assert not is_demo(project)


def test_another_key_closes_a_gate_until_it_is_rotated(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, FIRST)
    assert refresh(project).published
    before = _people(project)
    monkeypatch.setenv(NAME, SECOND)
    closed = refresh(project)
    assert [gate.name for gate in closed.closed] == ["pseudonym_key"]
    assert _people(project) == before

    path, count = rotate(project)
    assert _people(project) == before
    assert path.is_relative_to(project.data / "keys")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with duckdb.connect() as con:
        mapping = dict(con.execute(f"select old, new from '{path}'").fetchall())
    assert count == len(mapping) == 12
    assert refresh(project).published
    assert {mapping[one]: sex for one, sex in before.items()} == _people(project)


def test_a_file_says_which_key_made_it_and_never_the_key(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, FIRST)
    verdict = refresh(project)
    with duckdb.connect(str(project.published), read_only=True) as con:
        assert con.execute("select pseudonym_key from quality.run").fetchall() == [
            (fingerprint(FIRST),)
        ]
    derived = hashlib.sha256(b"cytoreg pseudonym\0" + FIRST.encode()).digest()
    for path in project.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert FIRST.encode() not in content, path
            assert derived not in content, path
    assert "simulated" not in verdict.report.read_text()


def test_what_touches_persons_is_audited(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    import cytoreg

    monkeypatch.setenv("LOGNAME", "registrar")
    first = refresh(project).run_id
    second = refresh(project, accept=["office"]).run_id
    cytoreg.query(project, "select * from registry.person where chart = '7'", private=True)
    cytoreg.query(project, "select count(*) from marts.cohort")
    rollback(project)
    noted = audit.entries(project)
    assert [(entry.who, entry.what) for entry in noted] == [
        ("registrar", "accept"),
        ("registrar", "query --private"),
        ("registrar", "rollback"),
    ]
    assert "office" in noted[0].detail
    assert second in noted[1].detail
    assert "chart" not in noted[1].detail
    assert (first in noted[2].detail, second in noted[2].detail) == (True, True)


@pytest.mark.parametrize("change", ["update audit set who = 'nobody'", "delete from audit"])
def test_the_audit_is_append_only(project: Project, change: str) -> None:
    import sqlalchemy as sa

    audit.record(project, "rollback", "a test")
    engine = sa.create_engine(project.ledger_url)
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(change))
    assert [entry.detail for entry in audit.entries(project)] == ["a test"]


def _people(project: Project) -> dict[str, str]:
    with duckdb.connect(str(project.published), read_only=True) as con:
        return dict(con.execute("select person_id, sex from marts.cohort").fetchall())
