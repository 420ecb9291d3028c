"""What Parquet has and is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "parquet": [
        Unread("Columns that are encrypted", "refused", "deliver them as plain columns", "Modular Encryption, format 2.7"),
        Unread("Columns of folders (`year=2024/`)", "as text", "they are no column; `_file` holds the folder's name"),
        Unread("Types that Arrow does not know, such as Int128 of Polars", "refused", "cast them before they are written"),
        Unread("Files within an archive or compressed once more", "refused", "a Parquet file is compressed inside"),
        Unread("Tables of files: Iceberg, Delta Lake, Hudi", "as text", "each file that matches is read, also one that the table has deleted: export a snapshot"),
    ],
}  # fmt: skip
