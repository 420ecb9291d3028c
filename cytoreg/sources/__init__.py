"""Kinds of source: each reads one system in bounded memory and yields Arrow tables of text.

A kind is an object that is a `Reader` (reader.py): `csv` is `CSV` in text/reader.py. `read` yields
`Headings` for each file that has them, `Rows` (text columns as delivered, plus `_file` and `_row`),
`Reject` for each record that cannot be parsed, and `Unexpected` for what the project did not
declare; a server yields `Served` once. It yields at least one `Rows`, perhaps empty, for each
declared table, always with the same columns. `_row` counts a file's records from 1, without the
header, including unparsable ones; a row of a sheet has its number in the sheet. For files with
lines, `_line` is the line on which the record begins.

A file with one bad record is not an error: the record is a `Reject` and the others are read. The
memory that a reader needs does not grow with its source. Texts that cytoreg.toml declares as
`missing` become empty cells afterwards, whatever the kind.

Landing does the rest: hashes, Parquet, manifest, views. A source without `inputs` is identified by
the hash of what was read, one with them by the hash of the files.

docs/how-to/kind-of-source.md has a whole kind in a package of its own. A kind of cytoreg itself has
its model in `<folder>/config.py`, its reader in `<folder>/reader.py`, what it does not read in
`<folder>/unread.py`, a line in kinds.py and a page in docs/sources.
"""
