"""The targets under atheris, which looks for input that reaches new code; run by ``make fuzz SECONDS=60``.

A finding is printed with its input, kept in a file, and given to its target again by::

    python -m tests.fuzzing.coverage_guided --replay "NAME OF THE TARGET" FILE
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .targets import Target

NO_ATHERIS = (
    "atheris is not installed: it has wheels for CPython 3.11 to 3.13 on Linux. Take one: make fuzz PYTHON=python3.11"
)
LONGEST = 4096  # bytes
HUNG = 10  # seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "FILE"), help="give a file to a target, once")
    parser.add_argument("--target", help="attack this one, in this process")
    parser.add_argument("--folder", type=Path, help="where findings are kept", default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if given.replay:
        return replay(*given.replay)
    if find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 2
    if given.target:
        return attack(given.target, given.seconds, given.folder)
    return attack_all(given.seconds, given.folder)


def targets() -> dict[str, Target]:
    """Return the targets, imported when they are to be instrumented."""
    from .targets import TARGETS

    return {target.name: target for target in TARGETS}


def replay(name: str, file: str) -> int:
    targets()[name].run(Path(file).read_bytes())
    print(f"{name}: nothing is wrong with {file}.")
    return 0


def attack_all(seconds: int, folder: Path) -> int:
    """Attack each target in a process of its own, whatever becomes of the others; return how many fell."""
    each = max(1, seconds // len(targets()))
    fallen = []
    for name in targets():
        print(f"{name}: {each} s", flush=True)
        command = [
            sys.executable,
            "-m",
            __spec__.name,
            "--target",
            name,
            "--seconds",
            str(each),
            "--folder",
            str(folder),
        ]
        with tempfile.TemporaryDirectory(prefix="fuzzing-") as work:  # libFuzzer ends its process without cleaning up
            environment = {**os.environ, "TMPDIR": work}
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=environment)
        if done.returncode:
            fallen.append(name)
            tell(name, done.stdout + done.stderr)
        else:
            print(f"  {last_figures(done.stderr)}", flush=True)
    print(f"Fallen: {', '.join(fallen)}." if fallen else "Nothing was found.")
    return len(fallen)


def tell(name: str, output: str) -> None:
    print("\n".join(line for line in output.splitlines() if not line.startswith(("#", "INFO", '"')))[-6000:])
    for line in output.splitlines():
        file = line.rpartition("Test unit written to ")[2].strip()
        if file != line.strip() and Path(file).is_file():
            print(f"  input: {Path(file).read_bytes()!r}")
            print(f"  again: {sys.executable} -m {__spec__.name} --replay {name!r} {file}")


def last_figures(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith(("#", "Done"))]
    return " | ".join(lines[-2:])


def attack(name: str, seconds: int, folder: Path) -> int:
    """Attack one target until the time is over, or it falls: atheris ends the process, with 0 or another code."""
    import atheris

    warnings.simplefilter("ignore")
    with atheris.instrument_imports(include=["flask_serveractions", "tests.fuzzing.event_streams"]):
        from .targets import CRUEL

        target = targets()[name]
    target.run(target.seeds[0])  # what is made at the first use is no leak, and not slow
    work = Path(tempfile.mkdtemp(prefix="fuzzing-"))
    corpus = work / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    (work / "words").write_text("".join(f'"{escaped(word)}"\n' for word in (*target.tokens, *CRUEL) if len(word) < 64))
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={HUNG}", f"-dict={work / 'words'}"]
    kept = f"-artifact_prefix={folder}/{name.replace(' ', '-')}-"
    atheris.Setup([sys.argv[0], str(corpus), *options, kept], target.run)
    atheris.Fuzz()
    return 0


def escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    sys.exit(main())
