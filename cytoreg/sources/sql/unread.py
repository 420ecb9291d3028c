"""What a database may hold that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "sql": [
        Unread("Database-specific types other than those of PostgreSQL and SQLite", "as text", "the driver's value as Python writes it"),
        Unread("The zone of a `timestamp with time zone` of Oracle", "ignored", "its driver drops it: cast it in a query"),
        Unread("Digits of a real number beyond the 15 that SQLite shows", "as text", "a real number as SQLite casts it"),
        Unread("Rows hidden from the user by row security", "refused", "in PostgreSQL; other databases give no sign of them", "PostgreSQL, row_security"),
        Unread("Large objects behind a number (PostgreSQL `oid`, `lo`)", "as text", "the number lands"),
        Unread("Earlier versions of rows (temporal tables, flashback)", "ignored", "the current rows are read; a query may select others", "SQL:2011, system-versioned tables"),
        Unread("Changes that leave `changed` as it was", "ignored", "only with `incremental`; without it all rows are read"),
        Unread("Databases without a dialect of SQLAlchemy, such as MUMPS globals", "refused", "have them export files"),
    ],
}  # fmt: skip
