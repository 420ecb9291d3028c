"""Over random nights, the ledger's lives are the simulation's, finding by finding."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lives_registry import Stays

from cytoreg.nights import lives

NIGHTS, RECORDS = 8, 12
DAYS, WARD = "stay.days.ge", "stay.ward.isin"

Life = tuple[str, int, int | None, str | None]


@pytest.mark.parametrize("seed", [1])
def test_defects_that_come_go_and_come_back_are_told_as_they_were(
    seed: int, tmp_path: Path
) -> None:
    stays, chance = Stays.begin(tmp_path / "registry"), random.Random(seed)
    there: dict[tuple[str, str], int] = {}
    expected: list[Life] = []
    night = 0
    for _ in range(NIGHTS):
        held = chance.random() < 0.2
        rows, broken = [], set()
        for number in range(RECORDS):
            name = f"R{number}"
            if chance.random() < 0.15:
                continue  # the source does not deliver it
            days, ward = chance.random() < 0.3, chance.random() < 0.3
            rows.append((name, "-1" if days else "2", "nowhere" if ward else "north"))
            broken |= {(DAYS, name)} if days else set()
            broken |= {(WARD, name)} if ward else set()
        chance.shuffle(rows)
        stays.deliver(rows or [("R99", "1", "north")], file=f"{chance.random()}.csv")
        verdict = stays.night(publish=not held)
        if not verdict.published:
            continue
        night += 1
        delivered = {name for name, _, _ in rows}
        for rule, name in sorted(there.keys() - broken):
            how = lives.CORRECTED if name in delivered else lives.VANISHED
            expected.append((rule, there.pop((rule, name)), night, how))
        for finding in broken - there.keys():
            there[finding] = night
    expected += [(rule, since, None, None) for (rule, _), since in there.items()]
    assert night >= NIGHTS // 2
    assert stays.known() == sorted(expected, key=str)
