"""The ledger's table of stewards' decisions about findings, to which rows are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["add_decisions"]

_SAID = ("number", "at", "who", "act", "assignee", "due", "outcome", "comment")
_STAYS = "a decision stays as it is"
_FORGOTTEN = "not exists (select 1 from finding_life as l where l.finding = old.finding)"
GUARDS = {
    "sqlite": [
        f"create trigger decision_update before update of {', '.join(_SAID)} on decision"
        f" begin select raise(abort, '{_STAYS}'); end",
        f"create trigger decision_delete before delete on decision when not {_FORGOTTEN}"
        f" begin select raise(abort, '{_STAYS}'); end",
    ],
    "postgresql": [
        "create function decision_stays() returns trigger language plpgsql as $$ begin"
        f" if tg_op = 'DELETE' and {_FORGOTTEN} then return old; end if;"
        f" raise exception '{_STAYS}'; end $$",
        f"create trigger decision_stays before delete or update of {', '.join(_SAID)} on decision"
        " for each row execute function decision_stays()",
    ],
}
"""Triggers: a row is never changed, and goes only with its finding, when a person is forgotten.
Its finding's name changes with the registry's key. The owner of the database can drop them."""


def add_decisions(metadata: sa.MetaData) -> None:
    """Declare it: one row for each decision about a finding, by a steward or by a night."""
    import sqlalchemy as sa

    decision = sa.Table(
        "decision",
        metadata,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("finding", sa.String(17), nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("act", sa.String(20), nullable=False),
        sa.Column("assignee", sa.String(200)),
        sa.Column("due", sa.Date),
        sa.Column("outcome", sa.String(20)),
        sa.Column("comment", sa.Text, nullable=False),
    )
    for dialect, statements in GUARDS.items():
        for statement in statements:
            made = sa.DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
            sa.event.listen(decision, "after_create", made)
