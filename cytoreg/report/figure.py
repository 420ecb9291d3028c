"""A matplotlib figure as small, themed, reproducible SVG; as a file also PNG or PDF.

Colours are drawn as the light theme's and rewritten to CSS variables, so that one drawing works on
light and dark pages; text stays text and takes the page's fonts. Nothing depends on time or
machine: the same data give the same bytes.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# The light theme; the page's style sheet has the dark one. Series colours have a contrast of 3:1 or
# more to the card in both, and also differ by dashes.
COLOURS = {
    "ink": "#1c2126",
    "soft": "#57606a",
    "rule": "#dfe3e8",
    "ghost": "#b3bac3",
    "card": "#ffffff",
    "series-1": "#0b62b8",
    "series-2": "#c44a06",
    "series-3": "#0d7d5b",
    "series-4": "#9b2f86",
    "series-5": "#7d6608",
    "series-6": "#4a5a6a",
}
SUFFIXES = (".svg", ".png", ".pdf")
SERIES = tuple(value for key, value in COLOURS.items() if key.startswith("series-"))
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (6, 2),
    (2, 1.6),
    (8, 2, 2, 2),
    (4, 1.5, 1.5, 1.5, 1.5, 1.5),
    (10, 3),
)
_VARIABLES = {value: f"var(--{name}, {value})" for name, value in COLOURS.items()}
_NUMBER = re.compile(r"-?\d+\.\d+")
_PAIR = re.compile(r"([ML]) (-?[\d.]+) (-?[\d.]+)")


def new_figure(width: float, height: float) -> Figure:
    """A figure of `width` × `height` points, which become CSS pixels at natural size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_visible(False)
    return figure


def to_svg(
    figure: Figure, *, name: str, title: str, description: str, standalone: bool = False
) -> str:
    """`figure` as SVG text with an accessible title and description.

    `name` must be unique on the page. `standalone` gives a complete file (namespace, fonts, a card
    as background) instead of an element for a page.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "path.simplify": False}):
        figure.savefig(
            buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None}
        )
    root = ElementTree.fromstring(buffer.getvalue())  # noqa: S314 -- just drawn, not received
    _strip_namespaces(root)
    for child in [child for child in root if child.tag in {"metadata", "defs"}]:
        root.remove(child)
    _tidy(root, name)
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    root.attrib.clear()
    root.attrib |= {
        "viewBox": f"0 0 {_short(width)} {_short(height)}",
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "style": "stroke-linejoin: round; stroke-linecap: butt",
    }
    for position, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = text
        root.insert(position, element)
    if standalone:
        _stand_alone(root, width, height)
    return ElementTree.tostring(root, encoding="unicode")


def file_of(figure: Figure, suffix: str, *, name: str, title: str, description: str) -> bytes:
    """`figure` as the content of a file: `suffix` is one of SUFFIXES.

    On a white card with a margin; PNG has 200 points per inch. The same figure gives the same
    bytes.
    """
    import matplotlib as mpl

    if suffix == ".svg":
        text = to_svg(figure, name=name, title=title, description=description, standalone=True)
        return (text + "\n").encode()
    said = {"Title": title, ("Description" if suffix == ".png" else "Subject"): description}
    silent = {"Software": None} if suffix == ".png" else {"CreationDate": None, "Producer": None}
    buffer = io.BytesIO()
    figure.patch.set_visible(True)  # the card, which on a page is the page's
    with mpl.rc_context({"pdf.fonttype": 42}):  # text that can be searched and copied
        figure.savefig(
            buffer,
            format=suffix[1:],
            dpi=200,
            facecolor=COLOURS["card"],
            bbox_inches="tight",
            pad_inches=0.25,
            metadata=said | silent,
        )
    return buffer.getvalue()


def _stand_alone(root: ElementTree.Element, width: float, height: float) -> None:
    """Add what a page would provide: namespace, fonts, a card, a margin."""
    margin = 18
    box = {
        "x": _short(-margin),
        "y": _short(-margin),
        "width": _short(width + 2 * margin),
        "height": _short(height + 2 * margin),
    }
    root.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": " ".join(box.values()),
        "width": box["width"],
        "height": box["height"],
        "font-family": FONTS,
    }
    card = {"rx": "10", "fill": COLOURS["card"], "stroke": COLOURS["rule"]}
    root.insert(2, ElementTree.Element("rect", box | card))


def _strip_namespaces(root: ElementTree.Element) -> None:
    """Inline SVG needs no namespaces; without them the page contains no addresses."""
    for element in root.iter():
        element.tag = element.tag.partition("}")[2] or element.tag
        for key in [key for key in element.attrib if "}" in key]:
            element.attrib[key.partition("}")[2]] = element.attrib.pop(key)


def _tidy(root: ElementTree.Element, name: str) -> None:
    """Drop unused ids and empty wrappers, shorten paths and styles, theme colours."""
    used = set(re.findall(r"#([\w-]+)", " ".join(_values(root))))
    for element in root.iter():
        if (known := element.attrib.get("id")) is not None:
            if known in used:
                element.attrib["id"] = f"{name}-{known}"
            else:
                del element.attrib["id"]
        for key, value in list(element.attrib.items()):
            if key == "d":
                element.attrib["d"] = _short_path(value)
            elif key == "style":
                element.attrib["style"] = _short_style(value)
            elif key == "transform" and value.startswith("rotate(-0 "):
                del element.attrib["transform"]
            elif key in {"x", "y"}:
                element.attrib[key] = _NUMBER.sub(_shorter, value)
            elif key == "href":
                element.attrib["href"] = f"#{name}-{value[1:]}"
            elif key == "clip-path":
                element.attrib[key] = value.replace("url(#", f"url(#{name}-")
        element.text = (element.text or "").strip() or None
        element.tail = None
    _unwrap(root)


def _unwrap(parent: ElementTree.Element) -> None:
    """Replace groups without attributes by their children, and drop empty ones."""
    children: list[ElementTree.Element] = []
    for child in list(parent):
        _unwrap(child)
        if child.tag == "g" and not child.attrib:
            children.extend(child)
        else:
            children.append(child)
    for child in list(parent):
        parent.remove(child)
    parent.extend(children)


def _values(root: ElementTree.Element) -> list[str]:
    return [
        value
        for element in root.iter()
        for key, value in element.attrib.items()
        if key in {"href", "clip-path"}
    ]


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _shorter(match: re.Match[str]) -> str:
    return _short(float(match.group()))


def _short_style(style: str) -> str:
    """Styles with short numbers, themed colours, and the page's font instead of a named one."""
    style = re.sub(r"font: (\d[\d.]*px) [^;]*", r"font-size: \1", style)
    style = re.sub(
        r"font: (bold|\d00) (\d[\d.]*px) [^;]*", r"font-weight: \1; font-size: \2", style
    )
    style = style.replace("; stroke-linejoin: miter", "").replace("; stroke-linecap: butt", "")
    style = _NUMBER.sub(_shorter, style)
    return re.sub(
        r"#[0-9a-f]{6}", lambda match: _VARIABLES.get(match.group(), match.group()), style
    )


def _short_path(path: str) -> str:
    """A path with two decimals, and steps as horizontal and vertical moves."""
    path = " ".join(path.split())
    pieces: list[str] = []
    here = ("", "")
    rest = 0
    for match in _PAIR.finditer(path):
        if match.start() > rest:
            pieces.append(path[rest : match.start()].strip())
        rest = match.end()
        command, x, y = match[1], _short(float(match[2])), _short(float(match[3]))
        if command == "L" and y == here[1]:
            if x != here[0]:
                pieces.append(f"H{x}")
        elif command == "L" and x == here[0]:
            pieces.append(f"V{y}")
        else:
            pieces.append(f"{command}{x} {y}")
        here = (x, y)
    tail = path[rest:].strip()
    return "".join(piece for piece in [*pieces, tail] if piece)
