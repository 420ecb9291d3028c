"""What a new source could be declared as: for each kind, all that is found at a path or a URL.

A draft is made without a look at any record's value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cytoreg.errors import SourceError
from cytoreg.sources.drops.address import is_address

if TYPE_CHECKING:
    import sqlalchemy as sa


@dataclass(frozen=True)
class Draft:
    """The keys of a section without `kind` and `tables`, and the tables that there could be.

    `called` has what the source itself calls a table whose name cannot be one in cytoreg.toml.
    """

    keys: dict[str, object]
    tables: list[str]
    called: dict[str, str] = field(default_factory=dict)


_MESSAGE = {
    "control_id": "MSH-10", "message_type": "MSH-9", "sent": "MSH-7", "hospital_number": "PID-3.1",
    "family_name": "PID-5.1", "given_name": "PID-5.2", "birth_date": "PID-7", "sex": "PID-8",
}  # fmt: skip
_RESULT = {
    "hospital_number": "PID-3.1", "report_number": "OBR-3", "code": "OBX-3.1", "name": "OBX-3.2",
    "value": "OBX-5", "unit": "OBX-6.1", "status": "OBX-11", "observed": "OBX-14",
}  # fmt: skip

_FIGURES = re.compile(r"[\d\s.,:/+-]+").fullmatch
_LOOKED_AT = 10_000
"""Messages, or tables of documents, among which is looked for what there is."""


def whole(name: str, where: str, extracts: Path) -> Draft:
    """One table with all columns."""
    return Draft({"path": where, "columns": "all"}, [name])


def csv(name: str, where: str, extracts: Path) -> Draft:
    """One table with all columns, below comments and a title."""
    from cytoreg.connect.layout import layout

    return Draft({"path": where, **layout(name, where, extracts), "columns": "all"}, [name])


def excel(name: str, where: str, extracts: Path) -> Draft:
    """The first sheet with all columns, below what stands above its headings."""
    from cytoreg.sources.excel.book import Damaged, Noted
    from cytoreg.sources.excel.workbook import damaged, open_book
    from cytoreg.sources.files import on_disk, relative_name

    with TemporaryDirectory(prefix="cytoreg-") as folder, ExitStack() as opened:
        path, lies = next(iter(on_disk(name, where, extracts, Path(folder)).items()))
        book = opened.enter_context(closing(open_book(name, lies, relative_name(path, extracts))))
        sheet = next((sheet for sheet in book.sheets if not sheet.hidden), None)
        try:
            rows = list(islice(book.rows(sheet, Noted()), 100)) if sheet else []
        except Damaged as error:
            raise damaged(name, relative_name(path, extracts), error) from None
    header = _heading_row(rows)
    above = {"header": header} if header else {}
    return Draft({"path": where, **above, "columns": "all"}, [name])


def _heading_row(rows: list[tuple[int, list[str | None]]]) -> int:
    """The first of the fullest rows without a number or a date, when the top is a title; else 0."""
    told = {number: list(filter(None, cells)) for number, cells in rows}
    size = max(map(len, told.values()), default=0)
    if not told or 2 * len(next(iter(told.values()))) > size:
        return 0
    words = {row: len(cells) for row, cells in told.items() if not any(map(_FIGURES, cells))}
    return max(words, key=lambda row: words[row], default=0)


def json(name: str, where: str, extracts: Path) -> Draft:
    """One table, a row a record, with all keys."""
    return Draft({"path": where, "columns": {name: "all"}}, [name])


def fixed_width(name: str, where: str, extracts: Path) -> Draft:
    """Lines as long as the first, in one column to be cut into others."""
    from cytoreg.sources.files import check_text, relative_name, texts
    from cytoreg.sources.records import lines

    path = texts(name, where, extracts)[0]
    file = relative_name(path, extracts)
    rows, _ = next(lines(name, path, file, check_text(name, path, file, "utf-8")))
    width = max((len(line) for line in rows["line"].to_pylist()[:1]), default=1) or 1
    columns = {"line": {"start": 1, "width": width}}
    return Draft({"path": where, "length": width, "columns": columns}, [name])


def cda(name: str, where: str, extracts: Path) -> Draft:
    """The ready tables of which the first documents have rows."""
    from cytoreg.sources.cda.config import READY, CdaSource
    from cytoreg.sources.cda.files import sample
    from cytoreg.sources.items import Rows

    tables = {table: table for table in READY}
    config = CdaSource.model_validate({"kind": "cda", "path": where, "tables": tables})
    filled = {
        item.table
        for item in islice(sample(name, config, extracts), _LOOKED_AT)
        if isinstance(item, Rows) and len(item.rows)
    }
    return Draft({"path": where}, [table for table in tables if table in filled])


def hl7(name: str, where: str, extracts: Path) -> Draft:
    """A row a message with the usual fields, and one an observation where there are some."""
    columns = {"message": _MESSAGE}
    keys: dict[str, object] = {"path": where, "columns": columns}
    if any(b"\rOBX" in data for data in islice(_messages(name, where, extracts), _LOOKED_AT)):
        columns["result"] = _RESULT
        keys["each"] = {"result": "OBX"}
    return Draft(keys, list(columns))


def _messages(name: str, where: str, extracts: Path) -> Iterator[bytes]:
    from cytoreg.sources.files import check_text, open_utf8, relative_name, texts
    from cytoreg.sources.hl7.envelope import Endless, pieces

    for path in texts(name, where, extracts):
        encoding = check_text(name, path, relative_name(path, extracts), "utf-8")
        with (
            open_utf8(name, path, relative_name(path, extracts), encoding) as file,
            suppress(Endless),
        ):
            yield from (piece.data for piece in pieces(file))


def naaccr_xml(name: str, where: str, extracts: Path) -> Draft:
    """Patients and tumors with all items that the files hold."""
    tables = ["patient", "tumor"]
    return Draft({"path": where, "items": dict.fromkeys(tables, "all")}, tables)


def naaccr_flat(name: str, where: str, extracts: Path) -> Draft:
    """A row a line with all items of its version."""
    return Draft({"path": where, "items": "all"}, [name])


def redcap(name: str, where: str, extracts: Path) -> Draft:
    """All instruments: of an API, or of data and the data dictionary that lies beside them."""
    from cytoreg.sources.redcap import project
    from cytoreg.sources.redcap.config import RedcapSource
    from cytoreg.sources.redcap.layout import dictionary

    if where.startswith(("http://", "https://")):
        keys: dict[str, object] = {"url": where, "token_env": f"{name.upper()}_TOKEN"}
        config = RedcapSource.model_validate({"kind": "redcap", "tables": {name: name}, **keys})
        with project.open_api(name, config) as api:
            forms = project.project_of(api).forms
    elif is_address(where):
        raise SourceError(
            name,
            "a REDCap export on a server is not looked at",
            remedy="declare it by hand: docs/sources/redcap.md",
        )
    else:
        found = {}
        for path in sorted((extracts / where).parent.glob("*.csv")):
            file = path.relative_to(extracts).as_posix()
            try:
                found[file] = dictionary(name, path, file, "utf-8")
            except SourceError:
                continue  # the data, or something else
        if not found:
            raise SourceError(
                name,
                f"no data dictionary lies beside {where}",
                remedy="export the data dictionary of the project into the same folder",
            )
        if len(found) > 1:
            raise SourceError(
                name,
                f"several data dictionaries lie beside {where}: {', '.join(found)}",
                remedy="put the data and their dictionary into a folder of their own",
            )
        ((file, fields),) = found.items()
        keys = {"data": where, "dictionary": file}
        forms = list(dict.fromkeys(field["form"] for field in fields))
    return Draft(keys, forms)


def sql(name: str, where: str, extracts: Path) -> Draft:
    """All tables and views that the user sees in the database's own schema."""
    import sqlalchemy as sa

    from cytoreg.project.load import escaped
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
    if elsewhere := {word: escaped(quote(table)) for word, table in there.items() if word != table}:
        keys["read_from"] = elsewhere
    return Draft(keys, list(there), there)


def _unreachable(name: str, url: sa.URL, error: Exception) -> SourceError:
    shown = url.set(query={}).render_as_string(hide_password=True)
    return SourceError(
        name,
        f"cannot look into {shown}: {type(error).__name__}",
        remedy="check host, database, user, password and that the URL's driver is installed",
    )


def fhir(name: str, where: str, extracts: Path) -> Draft:
    """The ready views: of files those that find something, of a server all."""
    from cytoreg.sources.fhir.config import READY, FhirSource
    from cytoreg.sources.fhir.files import read
    from cytoreg.sources.items import Reject, Rows, Unexpected

    views = {
        path.name.removesuffix(".json"): f"{folder.name}/{path.name.removesuffix('.json')}"
        for folder in READY.iterdir()
        if folder.is_dir()
        for path in folder.iterdir()
    }
    tables = {table: table for table in sorted(views)}
    if where.startswith(("http://", "https://")):
        keys: dict[str, object] = {"url": where, "token_env": f"{name.upper()}_TOKEN"}
        return Draft({**keys, "views": views}, list(tables))
    keys = {"path": where, "views": views}
    config = FhirSource.model_validate({"kind": "fhir", "tables": tables, **keys})
    filled: set[str] = set()
    unread: list[str] = []
    rejects = 0
    for item in read(name, config, extracts):
        if isinstance(item, Rows) and len(item.rows):
            filled.add(item.table)
        elif isinstance(item, Unexpected):
            unread.append(f"{item.count} {item.what}")
        elif isinstance(item, Reject):
            rejects += 1
    if not filled:
        there = "; ".join(unread + [f"{rejects} that are no resource"] * bool(rejects))
        raise SourceError(
            name,
            f"no view that comes with cytoreg finds a row in {where}: {there or 'it is blank'}",
            remedy="write a view, as docs/sources/fhir.md shows, or deliver NDJSON of resources",
        )
    return Draft(keys, [table for table in tables if table in filled])


DRAFTS: dict[str, Callable[[str, str, Path], Draft]] = {
    "cda": cda,
    "csv": csv,
    "dataset_json": whole,
    "excel": excel,
    "fhir": fhir,
    "fixed_width": fixed_width,
    "hl7": hl7,
    "json": json,
    "naaccr_flat": naaccr_flat,
    "naaccr_xml": naaccr_xml,
    "parquet": whole,
    "redcap": redcap,
    "sas": whole,
    "spss": whole,
    "sql": sql,
    "stata": whole,
}
"""The draft of each kind."""
