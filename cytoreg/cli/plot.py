"""The command that draws: survival figures of the published marts, to a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cytoreg.cli.app import app
from cytoreg.cli.common import DataOption, ProjectOption, load
from cytoreg.errors import ConfigError

if TYPE_CHECKING:
    from cytoreg.report.choice import Kind
    from cytoreg.report.control_figures import Chart


class Figure(StrEnum):
    """What can be drawn."""

    survival = "survival"
    expected = "expected"
    incidence = "incidence"
    cusum = "cusum"
    funnel = "funnel"


_CHARTS: dict[Figure, Chart] = {Figure.cusum: "cusum", Figure.funnel: "funnel"}
_KINDS: dict[Figure, Kind] = {
    Figure.survival: "survival",
    Figure.expected: "expected",
    Figure.incidence: "incidence",
}


@app.command()
def plot(
    figure: Annotated[
        Figure,
        typer.Argument(
            metavar="FIGURE",
            help="survival: Kaplan–Meier curves; expected: these beside the population's;"
            " incidence: by cause; cusum and funnel: the control charts of a --measure.",
        ),
    ],
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write: .svg, .png or .pdf.")
    ],
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="An endpoint of cytoreg.toml. [default: the first]"),
    ] = None,
    by: Annotated[
        str,
        typer.Option(metavar="VARIABLE", help="The variable that divides patients into strata."),
    ] = "all",
    stratum: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Draw this stratum; may be given several times. [default: all]"
        ),
    ] = None,
    cause: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="incidence: draw this cause; may be given several times. [default: all]",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="expected: the method. [default: ederer1, if it was computed]"
        ),
    ] = None,
    measure: Annotated[
        str | None,
        typer.Option(
            metavar="OUTCOME.NAME",
            help="cusum, funnel: a measure with a chart. [default: one]",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help='Title of the figure; "" for none. [default: what it shows]')
    ] = None,
    width: Annotated[
        int, typer.Option(min=200, max=4000, help="Width in points, without margins.")
    ] = (720),
    height: Annotated[
        int, typer.Option(min=150, max=4000, help="Height in points, without numbers at risk.")
    ] = 420,
    project: ProjectOption = None,
    data: DataOption = None,
) -> None:
    """Draw survival or a control chart from the published marts.

    Example:  cytoreg plot survival sites.pdf --by primary_site --stratum pancreas --stratum unknown
    """
    from cytoreg.publication.reading import reading
    from cytoreg.report.choice import Wish, choose, described, drawn, title_of
    from cytoreg.report.control_figures import charted
    from cytoreg.report.figure import SUFFIXES, file_of
    from cytoreg.report.lexicon import read_lexicon

    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(
            f"{file.name} has no suffix that names a format",
            remedy=f"end it with {', '.join(SUFFIXES)}",
        )
    published = load(project, None, data).published
    if not published.exists():
        raise ConfigError("nothing is published yet", remedy="refresh first: cytoreg refresh")
    with reading(published) as con:
        lexicon, size = read_lexicon(con), (width, height)
        if chart := _CHARTS.get(figure):
            said, made = charted(con, chart, measure, lexicon, size, title)
            description, left_out = f"{said}.", 0
        else:
            strata, causes = tuple(stratum or ()), tuple(cause or ())
            wish = Wish(_KINDS[figure], endpoint, by, strata, causes, method)
            choice = choose(con, wish, lexicon)
            said, left_out = title_of(choice, lexicon), choice.left_out
            heading = said if title is None else title
            made = drawn(con, choice, lexicon, size=size, heading=heading)
            description = described(choice, lexicon)
    content = file_of(made, suffix, name=figure.value, title=title or said, description=description)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    typer.echo(file)
    if left_out:
        typer.echo(f"{left_out} smaller strata of {by} are not drawn; --stratum picks", err=True)
