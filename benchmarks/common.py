"""What the benchmarks share: their sizes, the memory of a process, and the figures as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def sized(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str] | None = None,
    **sizes: tuple[int, int],
) -> argparse.Namespace:
    """The options, with one for each size: what it usually is, and what --smallest makes of it."""
    for name, (usual, _) in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"[default: {usual:,}]")
    parser.add_argument("--smallest", action="store_true", help="does it run? no figures to quote")
    options = parser.parse_args(arguments)
    if options.smallest:
        vars(options).update({name: smallest for name, (_, smallest) in sizes.items()})
    return options


def tell(ratios: Mapping[str, float], **sizes: int) -> None:
    """Print the last line: cytoreg's time as a multiple of each peer's, as JSON."""
    rounded = {peer: round(ratio, 3) for peer, ratio in ratios.items()}
    print(json.dumps({"benchmark": Path(sys.argv[0]).stem, **sizes, "ratios": rounded}))


def peak_mb() -> int:
    """High-water mark of this process's resident memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    raise RuntimeError("no VmHWM: this benchmark reads Linux's /proc")
