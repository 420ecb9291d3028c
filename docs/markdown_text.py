"""Markdown for generated pages: tables, code, and text in which no sign has a meaning."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence


def cell(value: object) -> str:
    """A value inside a Markdown table."""
    text = re.sub(r"`([^`]*)`", lambda found: code(found[1]), " ".join(str(value).split()))
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """Text as code. A bar would end a table's cell, escaped or not, so it becomes an entity."""
    if "|" not in text:
        return f"`{text}`"
    escaped = re.sub(r"[][()*_<>&|\\]", lambda found: f"&#{ord(found[0])};", text)
    return f"<code>{escaped}</code>"


def literal(text: str) -> str:
    """Text in which signs of Markdown and HTML are shown, not obeyed; `code` and **bold** stay."""
    parts = re.split(r"(`[^`]*`)", text)
    for place in range(0, len(parts), 2):
        shown = html.escape(parts[place], quote=False)
        signs = r"\\|(?<!\*)\*(?!\*)|(?<!\w)_|_(?!\w)|\[(?=[^]]*\]\()"
        parts[place] = re.sub(signs, lambda found: "\\" + found[0], shown)
    return "".join(parts)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(cell, line)) + " |" for line in lines) + "\n"
