"""The kind `sql`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cytoreg.errors import SourceError
from cytoreg.sources.reader import Draft, Reader
from cytoreg.sources.sql.config import SqlSource

if TYPE_CHECKING:
    import sqlalchemy as sa

    from cytoreg.manifest import Landing
    from cytoreg.sources.items import Item
    from cytoreg.sources.unread import Unread


class Sql(Reader[SqlSource]):
    """A relational database."""

    config = SqlSource

    def inputs(self, name: str, config: SqlSource, extracts: Path) -> list[Path]:
        """The file of an SQLite database and its write-ahead log; [] for a server."""
        from cytoreg.sources.sql.database import inputs

        return inputs(name, config, extracts)

    def read(self, name: str, config: SqlSource, extracts: Path) -> Iterator[Item]:
        """Rows of each declared table, sorted by all their columns."""
        from cytoreg.sources.sql.database import read

        return read(name, config, extracts)

    def sample(self, name: str, config: SqlSource, extracts: Path) -> Iterator[Item]:
        """A few records of each table."""
        from cytoreg.sources.sql.database import sample

        return sample(name, config, extracts)

    def changes(
        self, name: str, config: SqlSource, extracts: Path, earlier: Landing
    ) -> Iterator[Item] | None:
        """The same from an earlier landing and the changes since; None if that is not wanted."""
        from cytoreg.sources.sql.database import changes

        return changes(name, config, extracts, earlier)

    def shown(self, name: str, config: SqlSource) -> str:
        """Where it is read from, without secrets."""
        from cytoreg.sources.sql.database import shown

        return shown(name, config)

    def about(self, name: str, config: SqlSource) -> str:
        """How a server identifies itself; empty for files."""
        from cytoreg.sources.sql.database import about

        return about(name, config)

    def draft(self, name: str, where: str, extracts: Path) -> Draft:
        """All tables and views that the user sees in the database's own schema."""
        import sqlalchemy as sa

        from cytoreg.sources.headings import words
        from cytoreg.warehouse.connection import quote

        url = sa.make_url(where)
        if url.get_backend_name() == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite":
            url = url.set(database=str(extracts / (url.database or "")))
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        try:
            looking = sa.inspect(engine)
            there = {
                f"{word}_table" if word == "reject" else word: table
                for word, table in words(
                    sorted([*looking.get_table_names(), *looking.get_view_names()])
                ).items()
            }
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise _unreachable(name, url, error) from None
        finally:
            engine.dispose()
        keys: dict[str, object] = {"url": where, "columns": dict.fromkeys(there, "all")}
        if elsewhere := {word: quote(table) for word, table in there.items() if word != table}:
            keys["read_from"] = elsewhere
        return Draft(keys, list(there), there)

    def unread(self) -> list[Unread]:
        """What a database may contain that is not read."""
        from cytoreg.sources.sql.unread import UNREAD

        return UNREAD["sql"]


def _unreachable(name: str, url: sa.URL, error: Exception) -> SourceError:
    shown = url.set(query={}).render_as_string(hide_password=True)
    return SourceError(
        name,
        f"cannot read the tables of {shown}: {type(error).__name__}",
        remedy="check host, database, user, password and that the URL's driver is installed",
    )


SQL = Sql()
