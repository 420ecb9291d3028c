"""A server on this machine that answers as the REDCap API is documented to, and fails on demand."""

from __future__ import annotations

import csv
import io
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

TOKEN = "0123456789ABCDEF0123456789ABCDEF"
EVENT, INSTRUMENT = "redcap_event_name", "redcap_repeat_instrument"
CONTEXT = EVENT, INSTRUMENT, "redcap_repeat_instance"

Asked = dict[str, list[str]]
Fault = Callable[[BaseHTTPRequestHandler, str], None]


@dataclass
class Redcap:
    """A project: `forms` (fields by instrument), `rows`, and what goes wrong.

    `boxes` gives a field of type checkbox its codes. `mapping` makes it longitudinal.
    `changed` is when a record last was, if that is told of it; without it long ago.
    `faults[content]` are used up one a request; None lets one through.
    """

    forms: dict[str, list[str]]
    rows: list[dict[str, str]]
    boxes: dict[str, str] = field(default_factory=dict)
    repeating: list[tuple[str, str]] = field(default_factory=list)
    mapping: list[tuple[str, str]] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    token: str = TOKEN
    url: str = ""

    @property
    def record_id(self) -> str:
        return next(iter(self.forms.values()))[0]

    def answer(self, asked: Asked) -> str:
        """What the API gives for this request, as text."""
        content = asked["content"][0]
        if content == "version":
            return "14.7.3"
        return _csv(*getattr(self, f"_{content}")(asked))

    def _project(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        names = "project_id", "is_longitudinal", "has_repeating_instruments_or_events"
        values = "17", str(int(bool(self.mapping))), str(int(bool(self.repeating)))
        return [*names, "missing_data_codes"], [[*values, "UNK, unknown | NASK, not asked"]]

    def _metadata(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        names = ["field_name", "form_name", "section_header", "field_type", "field_label",
                 "select_choices_or_calculations"]  # fmt: skip
        rows = []
        for form, fields in self.forms.items():
            for name in fields:
                kind = "checkbox" if name in self.boxes else "text"
                rows.append([name, form, "", kind, "a label", self.boxes.get(name, "")])
        return names, rows

    def _instrument(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        return ["instrument_name", "instrument_label"], [
            [form, form.title()] for form in self.forms
        ]

    def _event(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        events = dict.fromkeys(event for event, _ in self.mapping)
        return ["event_name", "arm_num", "unique_event_name"], [[e, "1", e] for e in events]

    def _formEventMapping(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        return ["arm_num", "unique_event_name", "form"], [["1", *pair] for pair in self.mapping]

    def _repeatingFormsEvents(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        if self.mapping:
            return ["event_name", "form_name", "custom_form_label"], [
                [*pair, ""] for pair in self.repeating
            ]
        return ["form_name", "custom_form_label"], [[form, ""] for _, form in self.repeating]

    def _record(self, asked: Asked) -> tuple[list[str], list[list[str]]]:
        fields, forms = asked.get("fields", []), asked.get("forms", [])
        columns = [name for name in CONTEXT if any(name in row for row in self.rows)]
        if asked.get("exportDataAccessGroups") == ["true"]:
            columns.append("redcap_data_access_group")
        for form, names in self.forms.items():
            whole = form in forms or not (fields or forms)
            for name in names:
                if (whole or name in fields) and name != self.record_id:
                    columns += (
                        [f"{name}___{code}" for code in _codes(self.boxes[name])]
                        if (name in self.boxes)
                        else [name]
                    )
            columns += [f"{form}_complete"] * whole
        wanted = asked.get("records")
        since = asked.get("dateRangeBegin", [""])[0]
        chosen = [
            row
            for row in self.rows
            if (not wanted or row[self.record_id] in wanted)
            and self.changed.get(row[self.record_id], "") >= since
            and (not forms or not row.get(INSTRUMENT) or row[INSTRUMENT] in forms)
            and (forms or not row.get(INSTRUMENT))
        ]
        names = [self.record_id, *columns]
        return names, [[row.get(name, "") for name in names] for row in chosen]


@contextmanager
def serving(project: Redcap) -> Iterator[Redcap]:
    """The project under `project.url` until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            asked: Asked = {}
            for name, values in parse_qs(body, keep_blank_values=True).items():
                asked.setdefault(name.partition("[")[0], []).extend(values)
            project.asked.append(asked)
            content = asked["content"][0]
            if asked.get("token") != [project.token]:
                send(self, '{"error":"You do not have permissions to use the API"}', 403, JSON)
                return
            if asked["format"] == ["json"]:
                rows = [] if project.faults.get("json") else project.rows
                send(self, json.dumps(rows), 200, JSON)
                return
            waiting = project.faults.get(content, [])
            fault = waiting.pop(0) if waiting else None
            text = project.answer(asked)
            if fault:
                fault(self, text)
            else:
                send(self, text, 200, "text/html" if content == "version" else CSV)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    project.url = f"http://127.0.0.1:{server.server_port}/api/"
    try:
        yield project
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


CSV, JSON, HTML = "text/csv; charset=utf-8", "application/json", "text/html; charset=utf-8"


def send(to: BaseHTTPRequestHandler, text: str, status: int, kind: str, **more: str) -> None:
    """An answer as it should be."""
    data = text.encode()
    to.send_response(status)
    to.send_header("content-type", kind)
    to.send_header("content-length", str(len(data)))
    for name, value in more.items():
        to.send_header(name.replace("_", "-"), value)
    to.end_headers()
    to.wfile.write(data)


def answers(text: str, status: int = 200, kind: str = CSV, **more: str) -> Fault:
    """This instead of what was asked for."""
    return lambda to, _: send(to, text, status, kind, **more)


def labelled(kind: str) -> Fault:
    """The right answer under another content type."""
    return lambda to, text: send(to, text, 200, kind)


def breaks_off(to: BaseHTTPRequestHandler, text: str) -> None:
    """Half of what was promised, then the connection is closed."""
    to.send_response(200)
    to.send_header("content-type", CSV)
    to.send_header("content-length", str(len(text.encode())))
    to.end_headers()
    to.wfile.write(text.encode()[: len(text) // 2])
    to.wfile.flush()
    to.close_connection = True


def stops_in_a_part(to: BaseHTTPRequestHandler, text: str) -> None:
    """An answer in parts, of which the last never comes, before the connection is closed."""
    to.send_response(200)
    to.send_header("content-type", CSV)
    to.send_header("transfer-encoding", "chunked")
    to.end_headers()
    half = text.encode()[: len(text) // 2]
    to.wfile.write(b"%x\r\n%s\r\n" % (len(half), half) if half else b"")
    to.wfile.flush()
    to.close_connection = True


def resets(to: BaseHTTPRequestHandler, text: str) -> None:
    """Half of an answer, then the connection is torn down."""
    to.send_response(200)
    to.send_header("content-type", CSV)
    to.send_header("content-length", str(len(text.encode())))
    to.end_headers()
    to.wfile.write(text.encode()[: len(text) // 2])
    to.wfile.flush()
    to.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    to.connection.close()
    to.close_connection = True


def cut_after(characters: int) -> Fault:
    """The answer's first characters, as if that were all."""
    return lambda to, text: send(to, text[:characters], 200, CSV)


def hangs_up(to: BaseHTTPRequestHandler, text: str) -> None:
    """No answer at all."""
    to.close_connection = True


def drips(to: BaseHTTPRequestHandler, text: str) -> None:
    """A byte now and then, for much longer than anybody waits."""
    to.send_response(200)
    to.send_header("content-type", CSV)
    to.send_header("content-length", "100000")
    to.end_headers()
    try:
        for _ in range(1000):
            to.wfile.write(b"x")
            to.wfile.flush()
            time.sleep(0.05)
    except OSError:
        to.close_connection = True


def sleeps(to: BaseHTTPRequestHandler, text: str) -> None:
    """Silence for longer than the timeout."""
    time.sleep(0.6)
    to.close_connection = True


def _codes(choices: str) -> list[str]:
    return [choice.partition(",")[0].strip().lower() for choice in choices.split("|")] + ["unk"]


def _csv(names: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()
