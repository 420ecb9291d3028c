"""Saved views: the filters of a worklist under a title, for the one who saved them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cytoreg.steward.store import opened, rows

if TYPE_CHECKING:
    from cytoreg.project.load import Project

__all__ = ["MOST", "drop", "of", "save"]

MOST = 30
"""Views that one account can have."""


def of(project: Project, name: str) -> list[tuple[str, str]]:
    """Title and query of each view of an account."""
    with opened(project) as con:
        sql = "select title, query from saved_view where name = ? order by title"
        return [(str(title), str(query)) for title, query in rows(con, sql, name)]


def save(project: Project, name: str, title: str, query: str) -> bool:
    """Save a view, instead of one with this title; False if there are too many."""
    with opened(project) as con:
        sql = "select 1 from saved_view where name = ? and title <> ?"
        if len(rows(con, sql, name, title)) >= MOST:
            return False
        con.execute("insert or replace into saved_view values (?, ?, ?)", (name, title, query))
    return True


def drop(project: Project, name: str, title: str) -> None:
    """Drop a view, if there is one."""
    with opened(project) as con:
        con.execute("delete from saved_view where name = ? and title = ?", (name, title))
