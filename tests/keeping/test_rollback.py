"""A rollback that is killed, at whatever event, has published the one build or the other."""

from __future__ import annotations

from strikes import strike

from cytoreg.keeping.verify import verify
from cytoreg.nights.undo import release, rollback
from cytoreg.project.load import Project
from cytoreg.publication import hold, publish

ROLLBACK = """
import sys
from pathlib import Path
from cytoreg.nights.undo import rollback
from cytoreg.project.load import load_project
project = load_project(Path(sys.argv[3]))
run = sys.argv[4]
def act():
    rollback(project, run, hold=True)
"""


def test_a_rollback_that_is_killed_leaves_one_build_whole_and_nothing_else(
    project: Project,
) -> None:
    earlier, later = sorted(publish.publications(project))
    moments = [*(f"os.rename {number}" for number in range(1, 7)), *range(4, 60, 7)]
    killed = []
    before = {path.name for path in project.data.iterdir()} | {"hold.json"}
    for struck in strike(ROLLBACK, project.data, project.root, earlier, at=moments):
        now = publish.published_run(project)
        assert now in (earlier, later)
        assert publish.faults(project) == []
        killed += [now] * struck
        assert {line.what for line in verify(project) if not line.well} <= {"ledger"}
        assert {path.name for path in project.data.iterdir()} <= before
        if hold.held(project):
            release(project)
        rollback(project, later)
    assert set(killed) == {earlier, later}
    assert len(killed) > 8
