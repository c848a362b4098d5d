"""``python -m load``: load the example, kill its workers, look at its memory; print what was found."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from . import faults, memory, tables, throughput, viewers
from .proof import Broken

#: by the name that its figures have on the page; each gets an empty folder, and its share
PARTS: Mapping[str, Callable[[Path, float], str]] = {
    "throughput": throughput.run,
    "faults": faults.run,
    "memory": memory.run,
    "viewers": viewers.run,
}
SHARES = {"throughput": 0.8, "faults": 0.3, "memory": 1, "viewers": 0.3}  # of the seconds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120, help="more make better figures; all takes twice as long")
    parser.add_argument("--only", action="append", choices=PARTS, help="a part, instead of all")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {tables.PAGE.name}")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the server is ended with us
    broken = []
    for name in given.only or PARTS:
        try:
            with TemporaryDirectory() as folder:
                text = PARTS[name](Path(folder), given.seconds * SHARES[name])
        except Broken as error:
            broken.append(f"{name}: a promise is broken.\n{error}")
            continue
        print(f"{name}\n\n{text}", flush=True)
        if given.write:
            tables.write(name, text)
    if broken:
        raise SystemExit("\n\n".join(broken))


if __name__ == "__main__":
    main()
