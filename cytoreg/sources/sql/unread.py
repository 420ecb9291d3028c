"""What a database may have and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "sql": [
        Unread("Types of a driver's own beside PostgreSQL and SQLite", "as text", "as Python writes the driver's value"),
        Unread("The zone of a `timestamp with time zone` of Oracle", "ignored", "its driver drops it: cast it in a query"),
        Unread("Digits of a real number beyond the 15 that SQLite shows", "as text", "a real number as SQLite casts it"),
        Unread("Rows hidden from the user by row security", "refused", "in PostgreSQL; elsewhere nobody can know of them", "PostgreSQL, row_security"),
        Unread("Large objects behind a number (PostgreSQL `oid`, `lo`)", "as text", "the number lands"),
        Unread("Earlier versions of rows (temporal tables, flashback)", "ignored", "the rows of now are read; a query may ask for others", "SQL:2011, system-versioned tables"),
        Unread("Changes that leave `changed` as it was", "ignored", "with `incremental` alone: all rows are read without it"),
        Unread("Databases without a dialect of SQLAlchemy, such as MUMPS globals", "refused", "let them export files"),
    ],
}  # fmt: skip
