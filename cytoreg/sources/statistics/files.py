"""Files of SAS, SPSS and Stata (kinds `sas`, `spss`, `stata`): one table from all files."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.files import find, on_disk, raw_text, relative_name
from cytoreg.sources.headings import mapped, together
from cytoreg.sources.items import Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.records import shaped
from cytoreg.sources.statistics import catalog, isolated, xport
from cytoreg.sources.statistics.config import AnyStatistics, SasSource
from cytoreg.sources.statistics.isolated import Unreadable

_NAMES = {"sas": "a SAS file", "spss": "an SPSS file", "stata": "a Stata file"}
_SYSTEMS = {"sas7bdat": "sas", "xpt": "sas", "sav": "spss", "por": "spss", "dta": "stata"}


@dataclass(frozen=True)
class _File:
    """A file to read: its path, its name for people, its kind, its columns and formats."""

    path: Path
    where: str
    form: str
    columns: list[str]
    formats: list[str]


def _catalogs(source: str, config: AnyStatistics, extracts: Path) -> list[Path]:
    pattern = config.catalog if isinstance(config, SasSource) else ""
    return find(source, pattern, extracts) if pattern else []


def read(name: str, config: AnyStatistics, extracts: Path) -> Iterator[Item]:
    """Records of all files, each variable as text; records in another encoding are rejects."""
    with TemporaryDirectory(prefix="cytoreg-") as folder:
        yield from _read(name, config, extracts, Path(folder))


def _read(name: str, config: AnyStatistics, extracts: Path, folder: Path) -> Iterator[Item]:
    (table,) = config.tables
    _check_encoding(name, config)
    labels = _labels(name, config, extracts, folder)
    catalogs = _catalogs(name, config, extracts)
    files = []
    for found_at, path in on_disk(name, config.path, extracts, folder).items():
        if found_at in catalogs:
            continue
        where = relative_name(found_at, extracts)
        form = _form(name, path, where, config)
        variables = _variables(name, path, where, form, config)
        names = [variable for variable, _ in variables]
        formats = [format_ for _, format_ in variables]
        columns = mapped(name, where, names, config, "the file")
        files.append(_File(path, where, form, columns, formats))
        yield Headings(where, names)
        if labels and not any(catalog.of(labels, format_) for format_ in formats):
            yield Unexpected("file without a variable under a format of the catalog", 1)
    wanted, unexpected = together([file.columns for file in files], config)
    yield from unexpected
    for file in files:
        try:
            for item in _batches(name, file.path, file.where, file.form, config):
                if isinstance(item, pa.Table):
                    rows = catalog.labelled(item, file.formats, labels)
                    found = dict(zip(file.columns, rows.columns, strict=False))
                    yield Rows(table, shaped(found, wanted, file.where, item["_row"]))
                else:
                    raw = raw_text(item.raw, config.encoding or "utf-8")
                    reason = "bytes that are not in the declared encoding"
                    yield Reject(table, file.where, item.row, item.row, reason, raw)
        except Unreadable as error:
            raise _unreadable(name, file.where, error) from None
    yield Rows(table, shaped({}, wanted, "", pa.array([], pa.int64())))


def _labels(source: str, config: AnyStatistics, extracts: Path, folder: Path) -> catalog.Labels:
    """The labels of codes in the catalogs."""
    labels: catalog.Labels = {}
    if not isinstance(config, SasSource) or not config.catalog:
        return labels
    unpacked = folder / "catalogs"
    unpacked.mkdir()
    for found_at, path in on_disk(source, config.catalog, extracts, unpacked).items():
        where = relative_name(found_at, extracts)
        if _known(_head(source, path, where)) != "sas7bcat":
            raise SourceError(
                source,
                f"{where} is no catalog of formats",
                remedy="correct `catalog` in cytoreg.toml, or deliver the .sas7bcat file",
            )
        try:
            catalog.add(labels, isolated.batches(_asked(path, "sas7bcat", config)), source, where)
        except Unreadable as error:
            raise _unreadable(source, where, error) from None
    return labels


def _variables(
    source: str, path: Path, where: str, form: str, config: AnyStatistics
) -> list[tuple[str, str]]:
    """The variables of a file with their formats."""
    try:
        if isinstance(config, SasSource) and form == "xpt":
            member = _member(source, path, where, config)
            return [(variable.name, variable.format) for variable in member.variables]
        schema = next(isolated.batches(_asked(path, form, config))).schema
        return [(field.name, field.metadata[isolated.FORMAT].decode()) for field in schema]
    except Unreadable as error:
        raise _unreadable(source, where, error) from None


def _batches(
    source: str, path: Path, where: str, form: str, config: AnyStatistics
) -> Iterator[pa.Table | xport.Undecodable]:
    if isinstance(config, SasSource) and form == "xpt":
        member = _member(source, path, where, config)
        yield from xport.batches(path, member, config.encoding or "utf-8")
        return
    done = 0
    for rows in isolated.batches(_asked(path, form, config)):
        numbers = pa.array(range(done + 1, done + len(rows) + 1), pa.int64())
        yield rows.append_column("_row", numbers)
        done += len(rows)


def _asked(path: Path, form: str, config: AnyStatistics) -> isolated.Asked:
    return isolated.Asked(
        path=str(path.resolve()),
        system=config.kind,
        form=form,
        labels=getattr(config, "labels", False),
        encoding=config.encoding,
        seconds=max(1, int(config.deadline_minutes * 60)),
    )


def _member(source: str, path: Path, where: str, config: SasSource) -> xport.Member:
    """The selected data set of a transport file; raises SourceError if there is none."""
    found = xport.members(path, config.encoding or "utf-8")
    wanted = config.dataset
    chosen = [
        member for member in found if not wanted or member.name.casefold() == wanted.casefold()
    ]
    if len(chosen) != 1:
        has = ", ".join(member.name for member in found)
        raise SourceError(
            source,
            f"{where} has {len(chosen)} data sets{f' {wanted}' if wanted else ''}; in it are {has}",
            remedy=f"name one with `dataset` in [sources.{source}] of cytoreg.toml",
        )
    return chosen[0]


def _form(source: str, path: Path, where: str, config: AnyStatistics) -> str:
    """The kind of a file by its first bytes; raises SourceError for another reader's kind."""
    head = _head(source, path, where)
    form = _known(head)
    system = _SYSTEMS.get(form)
    if system == config.kind:
        return form
    if system:
        raise SourceError(
            source,
            f"{where} is {_NAMES[system]}",
            remedy=f'set kind = "{system}" in [sources.{source}] of cytoreg.toml',
        )
    if head.startswith(b"**COMPRESSED**"):
        what, remedy = "is a CPORT file", "export it with the XPORT engine or proc copy"
    elif not head:
        what, remedy = "is empty", "deliver it again, or remove it from the folder"
    elif form == "sas7bcat":
        what = "is a catalog of formats and no data set"
        remedy = "name the data sets in `path`, and this in `catalog` for its labels"
    else:
        what, remedy = f"is not {_NAMES[config.kind]}", "deliver it again, or correct `path`"
    raise SourceError(source, f"{where} {what}", remedy=remedy)


def _head(source: str, path: Path, where: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(512)
    except OSError as error:
        raise SourceError(
            source, f"{where} cannot be read: {error.strerror}", remedy="check its permissions"
        ) from None


def _known(head: bytes) -> str:
    if head[12:16] == b"\xc2\xea\x81\x60":
        return "sas7bdat"
    if head[12:16] == b"\xc2\xea\x81\x63":
        return "sas7bcat"
    if head.startswith((b"HEADER RECORD*******LIBRARY ", b"HEADER RECORD*******LIBV8")):
        return "xpt"
    if head.startswith((b"$FL2", b"$FL3")):
        return "sav"
    if b"SPSS PORT FILE" in head:
        return "por"
    old = len(head) > 3 and 102 <= head[0] <= 116 and head[1] in (1, 2) and head[2] == 1
    return "dta" if old or head.startswith(b"<stata_dta>") else ""


def _check_encoding(source: str, config: AnyStatistics) -> None:
    try:
        codecs.lookup(config.encoding or "utf-8")
    except LookupError:
        raise SourceError(
            source,
            f"encoding {config.encoding!r} is unknown",
            remedy="use a name that Python knows, such as utf-8, cp1252 or latin-1",
        ) from None


def _unreadable(source: str, where: str, error: Unreadable) -> SourceError:
    return SourceError(source, f"{where} cannot be read: {error.why}", remedy=error.remedy)
