"""The registry's time zone: declared, or the machine's own by its name."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import TZPATH

import pytest

from cytoreg.errors import ConfigError
from cytoreg.project import zone

CHICAGO = next(
    (path for path in (Path(folder, "America/Chicago") for folder in TZPATH) if path.is_file()),
    None,
)


@pytest.mark.parametrize(
    ("told", "name"),
    [("America/Chicago", "America/Chicago"), (":Asia/Tokyo", "Asia/Tokyo"), ("", "UTC")],
)
def test_the_environment_tells_the_zone(monkeypatch, told, name):
    monkeypatch.setenv("TZ", told)
    assert zone.machine_zone() == name


@pytest.mark.parametrize("told", ["CST6CDT,M3.2.0,M11.1.0", "<+0330>-3:30", "/no/such/file"])
def test_a_zone_without_a_name_is_refused(monkeypatch, told):
    monkeypatch.setenv("TZ", told)
    with pytest.raises(ConfigError, match="time_zone"):
        zone.machine_zone()


@pytest.mark.skipif(CHICAGO is None, reason="this system has no files of zones")
@pytest.mark.parametrize("make", [Path.symlink_to, lambda to, of: shutil.copyfile(of, to)])
def test_the_machine_s_file_tells_the_zone(monkeypatch, tmp_path, make):
    local = tmp_path / "localtime"
    make(local, CHICAGO)
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zone, "_LOCALTIME", local)
    assert zone.today(zone.machine_zone()) == zone.today("America/Chicago")


def test_a_machine_that_says_nothing_counts_in_utc(monkeypatch, tmp_path):
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zone, "_LOCALTIME", tmp_path / "localtime")
    assert zone.machine_zone() == "UTC"


def test_today_is_the_zone_s():
    ahead = "Etc/GMT-14" if datetime.now(UTC).hour >= 10 else "Etc/GMT+12"
    assert zone.today(ahead) != datetime.now(UTC).date()
