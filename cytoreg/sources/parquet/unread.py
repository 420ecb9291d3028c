"""What Parquet has that is not read."""

from cytoreg.sources.unread import Unread

UNREAD = {
    "parquet": [
        Unread("Encrypted columns", "refused", "deliver them unencrypted", "Modular Encryption, format 2.7"),
        Unread("Partition columns in folder names (`year=2024/`)", "as text", "they do not become columns; `_file` holds the folder's name"),
        Unread("Types that Arrow does not know, such as Int128 of Polars", "refused", "cast them before writing the file"),
        Unread("Files in an archive or compressed again", "refused", "Parquet is compressed already"),
        Unread("Tables of files: Iceberg, Delta Lake, Hudi", "as text", "each matching file is read, even if the table has deleted it: export a snapshot"),
    ],
}  # fmt: skip
