"""Kinds of source: each reads one system in bounded memory and yields Arrow tables of text.

A kind is an object that is a `Reader` (reader.py): `csv` is `CSV` in text/reader.py. `read` yields
`Headings` of each file that has some, `Rows` (text columns as they came, plus `_file` and `_row`),
`Reject` for each record that cannot be parsed, and `Unexpected` for what the project did not
declare; a server yields `Served` once. It yields at least one, perhaps empty, `Rows` a declared
table, always with the same columns. `_row` counts a file's records from 1, without the header,
unparsable ones included; a row of a sheet has the number that the sheet gives it. Where files have
lines, `_line` is the one on which the record begins.

A file with one bad record is no error: the record is a `Reject` and the others go on. What a reader
holds at once does not grow with its source. What cytoreg.toml calls `missing` becomes an empty cell
afterwards, whatever the kind.

Landing does the rest: hashes, Parquet, manifest, views. A source without `inputs` is known by the
hash of what was read, one with them by the hash of the files.

docs/how-to/kind-of-source.md has a whole kind in a package of its own. One of cytoreg itself has
its model in `<folder>/config.py`, its reader in `<folder>/reader.py`, what it does not read in
`<folder>/unread.py`, a line in kinds.py and a page in docs/sources.
"""
