"""The report says how each source stands, and what is old before anything else."""

from __future__ import annotations

from pathlib import Path

import duckdb
from published_file import write_published

from cytoreg.report import render
from cytoreg.warehouse import quality


def page(tmp_path: Path, sources: list[tuple], drift: list[tuple]) -> str:
    published = write_published(tmp_path / "published.duckdb")
    with duckdb.connect(str(published)) as con:
        quality.ensure(con, "source", "drift")
        con.executemany("insert into quality.source values (?, ?, ?, ?, ?, ?, ?, ?, ?)", sources)
        if drift:
            con.executemany("insert into quality.drift values (?, ?, ?, ?, ?, ?, ?, ?)", drift)
    render(published, tmp_path / "report.html", title="Test", run={"status": "published"})
    return (tmp_path / "report.html").read_text("utf-8")


DAY = "2026-11-20 02:00:00+00", "2026-11-24 02:00:00+00"
OR_LOG = ("or_log", "csv", "read", *DAY, 1000, 3, "", "")
HOSPITAL = ("hospital", "sql", "away", *DAY, 500, 0, "PostgreSQL 18.1", "no server answers there")
STALE = ("hospital", "", "", "stale", "warning", "no server answers", "2026-11-24", "3 days old")
RETYPED = ("or_log", "cases", "asa", "retyped", "critical", "60% of asa have another shape", "", "")


def test_an_old_landing_is_told_at_the_top_with_its_age(tmp_path: Path) -> None:
    told = page(tmp_path, [OR_LOG, HOSPITAL], [STALE])
    sentence = "<b>hospital: 3 days old, last as landed on 2026-11-24.</b> no server answers there"
    assert sentence in told
    assert told.index(sentence) < told.index('id="pulse"')
    assert "1 stale" in told


def test_differences_stand_under_their_source_with_their_severity(tmp_path: Path) -> None:
    told = page(tmp_path, [(*HOSPITAL[:2], "read", *HOSPITAL[3:]), OR_LOG], [RETYPED])
    section = told[told.index('<section id="sources"') : told.index('<section id="balance"')]
    assert section.index("or_log") < section.index("hospital")
    assert "<code>cases.asa</code> retyped: 60% of asa have another shape" in section
    assert "PostgreSQL 18.1" in section
    assert 'class="stale"' not in told


def test_a_run_that_did_not_judge_its_sources_says_so(tmp_path: Path) -> None:
    published = write_published(tmp_path / "published.duckdb")
    render(published, tmp_path / "report.html", title="Test", run={"status": "published"})
    assert "The sources were not judged" in (tmp_path / "report.html").read_text("utf-8")
