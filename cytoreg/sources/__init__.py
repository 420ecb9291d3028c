"""Kinds of source: each reads one system in bounded memory and yields Arrow tables of text.

A kind is a module with two functions:

    inputs(name, config, extracts) -> list[Path]      the files it reads, [] for a server
    read(name, config, extracts) -> Iterator[Item]

`read` yields `Headings` of each file that has some, `Rows` (text columns as they came, plus `_file`
and `_row`), `Reject` for each record that cannot be parsed, and `Unexpected` for what the project
did not declare; a server yields `Served` once. It yields at least one, perhaps empty, `Rows` a
declared table, always with the same columns. `_row` counts a file's records from 1, without the
header, unparsable ones included; a row of a sheet has the number that the sheet gives it. Where
files have lines, `_line` is the one on which the record begins.

`name` is the source's name in cytoreg.toml. Both functions raise SourceError, with a remedy and no
value of any record, for a source that is missing (`away`, `transient`: see SourceError) or is not
what the project says; errors of a library do not leave them. A file with one bad record is not such
an error: the record is a `Reject` and the others go on. What a reader holds at once does not grow
with its source.

A kind that may be a server has two more:

    shown(name, config) -> str      its address without secrets
    about(name, config) -> str      what it says of itself, for `cytoreg doctor`; may be empty

and may have `sample`, which is like `read` but yields a few records without much ado. What
cytoreg.toml calls `missing` becomes an empty cell here, whatever the kind. One that can
ask for what changed has

    changes(name, config, extracts, earlier) -> Iterator[Item] | None

which yields what `read` would, from an earlier landing of the same declaration and what changed
since, with a `Merged` for each such table; None says that there is only `read`.

Landing does the rest: hashes, Parquet, manifest, views. A source without `inputs` is known by the
hash of what was read, one with them by the hash of the files.

To add a kind: a class in `<folder>/config.py` that config.py lists, a module beside it, what it
does not read in `<folder>/unread.py`, a line in `KINDS` (kinds.py), a page in docs/sources.
"""
