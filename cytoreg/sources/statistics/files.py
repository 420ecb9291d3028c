"""Files of SAS, SPSS and Stata (kinds `sas`, `spss`, `stata`): one table from all files."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from cytoreg.errors import SourceError
from cytoreg.sources.files import SourceFile, find, on_disk, relative_name
from cytoreg.sources.headings import mapped, together
from cytoreg.sources.items import Headings, Item, Reject, Rows, Unexpected
from cytoreg.sources.records import shaped
from cytoreg.sources.statistics import catalog, isolated, xport
from cytoreg.sources.statistics.config import AnyStatistics, SasSource
from cytoreg.sources.statistics.isolated import Unreadable
from cytoreg.sources.text_file import raw_text

_NAMES = {"sas": "a SAS file", "spss": "an SPSS file", "stata": "a Stata file"}
_SYSTEMS = {"sas7bdat": "sas", "xpt": "sas", "sav": "spss", "por": "spss", "dta": "stata"}


@dataclass(frozen=True)
class _File:
    """A file to read: where it is, its kind, its columns and formats."""

    at: SourceFile
    form: str
    columns: list[str]
    formats: list[str]


def read(name: str, config: AnyStatistics, extracts: Path) -> Iterator[Item]:
    """Records of all files, each variable as text; records in another encoding are rejects."""
    with TemporaryDirectory(prefix="cytoreg-") as folder:
        yield from _read(name, config, extracts, Path(folder))


def _read(name: str, config: AnyStatistics, extracts: Path, folder: Path) -> Iterator[Item]:
    (table,) = config.tables
    _check_encoding(name, config)
    labels = _labels(name, config, extracts, folder)
    pattern = config.catalog if isinstance(config, SasSource) else ""
    catalogs = find(name, pattern, extracts) if pattern else []
    described = {relative_name(path, extracts) for path in catalogs}
    files = []
    for at in on_disk(name, config.path, extracts, folder):
        if at.where in described:
            continue
        form = _form(at, config)
        variables = _variables(at, form, config)
        names = [variable for variable, _ in variables]
        formats = [format_ for _, format_ in variables]
        columns = mapped(at, names, config, "the file")
        files.append(_File(at, form, columns, formats))
        yield Headings(at.where, names)
        if labels and not any(catalog.of(labels, format_) for format_ in formats):
            yield Unexpected("file without a variable under a format of the catalog", 1)
    wanted, unexpected = together([file.columns for file in files], config)
    yield from unexpected
    for file in files:
        where = file.at.where
        try:
            for item in _batches(file.at, file.form, config):
                if isinstance(item, pa.Table):
                    rows = catalog.labelled(item, file.formats, labels)
                    found = dict(zip(file.columns, rows.columns, strict=False))
                    yield Rows(table, shaped(found, wanted, where, item["_row"]))
                else:
                    raw = raw_text(item.raw, config.encoding or "utf-8")
                    reason = "bytes that are not in the declared encoding"
                    yield Reject(table, where, item.row, item.row, reason, raw)
        except Unreadable as error:
            raise _unreadable(file.at, error) from None
    yield Rows(table, shaped({}, wanted, "", pa.array([], pa.int64())))


def _labels(source: str, config: AnyStatistics, extracts: Path, folder: Path) -> catalog.Labels:
    """The labels of codes in the catalogs."""
    labels: catalog.Labels = {}
    if not isinstance(config, SasSource) or not config.catalog:
        return labels
    unpacked = folder / "catalogs"
    unpacked.mkdir()
    for file in on_disk(source, config.catalog, extracts, unpacked):
        if _known(_head(file)) != "sas7bcat":
            raise file.refused(
                "is not a catalog of formats",
                "correct `catalog` in cytoreg.toml, or deliver the .sas7bcat file",
            )
        try:
            catalog.add(labels, isolated.batches(_asked(file, "sas7bcat", config)), file)
        except Unreadable as error:
            raise _unreadable(file, error) from None
    return labels


def _variables(file: SourceFile, form: str, config: AnyStatistics) -> list[tuple[str, str]]:
    """The variables of a file with their formats."""
    try:
        if isinstance(config, SasSource) and form == "xpt":
            member = _member(file, config)
            return [(variable.name, variable.format) for variable in member.variables]
        schema = next(isolated.batches(_asked(file, form, config))).schema
        return [(field.name, (field.metadata or {})[isolated.FORMAT].decode()) for field in schema]
    except Unreadable as error:
        raise _unreadable(file, error) from None


def _batches(
    file: SourceFile, form: str, config: AnyStatistics
) -> Iterator[pa.Table | xport.Undecodable]:
    if isinstance(config, SasSource) and form == "xpt":
        member = _member(file, config)
        yield from xport.batches(file.path, member, config.encoding or "utf-8")
        return
    done = 0
    for rows in isolated.batches(_asked(file, form, config)):
        numbers = pa.array(range(done + 1, done + len(rows) + 1), pa.int64())
        yield rows.append_column("_row", numbers)
        done += len(rows)


def _asked(file: SourceFile, form: str, config: AnyStatistics) -> isolated.Asked:
    return isolated.Asked(
        path=str(file.path.resolve()),
        system=config.kind,
        form=form,
        labels=getattr(config, "labels", False),
        encoding=config.encoding,
        seconds=max(1, int(config.deadline_minutes * 60)),
    )


def _member(file: SourceFile, config: SasSource) -> xport.Member:
    """The selected data set of a transport file; raises SourceError if there is none."""
    found = xport.members(file.path, config.encoding or "utf-8")
    wanted = config.dataset
    chosen = [
        member for member in found if not wanted or member.name.casefold() == wanted.casefold()
    ]
    if len(chosen) != 1:
        has = ", ".join(member.name for member in found)
        raise file.refused(
            f"has {len(chosen)} data sets{f' {wanted}' if wanted else ''}; in it are {has}",
            f"name one with `dataset` in [sources.{file.source}] of cytoreg.toml",
        )
    return chosen[0]


def _form(file: SourceFile, config: AnyStatistics) -> str:
    """The kind of a file by its first bytes; raises SourceError for another reader's kind."""
    head = _head(file)
    form = _known(head)
    system = _SYSTEMS.get(form)
    if system == config.kind:
        return form
    if system:
        raise file.refused(
            f"is {_NAMES[system]}",
            f'set kind = "{system}" in [sources.{file.source}] of cytoreg.toml',
        )
    if head.startswith(b"**COMPRESSED**"):
        what, remedy = "is a CPORT file", "export it with the XPORT engine or proc copy"
    elif not head:
        what, remedy = "is empty", "deliver it again, or remove it from the folder"
    elif form == "sas7bcat":
        what = "is a catalog of formats, not a data set"
        remedy = "name the data sets in `path`, and this in `catalog` for its labels"
    else:
        what, remedy = f"is not {_NAMES[config.kind]}", "deliver it again, or correct `path`"
    raise file.refused(what, remedy)


def _head(file: SourceFile) -> bytes:
    try:
        with file.path.open("rb") as stream:
            return stream.read(512)
    except OSError as error:
        raise file.refused(f"cannot be read: {error.strerror}", "check its permissions") from None


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


def _unreadable(file: SourceFile, error: Unreadable) -> SourceError:
    return file.refused(f"cannot be read: {error.why}", error.remedy)
