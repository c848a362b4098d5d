"""Build what is released, look into it, and try it in an empty environment.

Usage: ``python tools/check_package.py [--quick] [DIRECTORY]``. The wheel and the sdist are left in DIRECTORY; with
``--quick`` there is the wheel alone, and it is built by what is installed here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "flask_serveractions"
CLIENT = "client"  # its sources: the sdist has them, the wheel has what is built from them


def run(*command: object, cwd: Path | None = None) -> None:
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environ, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    if done.stdout.startswith("Flask-ServerActions"):
        sys.stdout.write(done.stdout)


def tracked() -> list[str]:
    """Return the paths of what git knows here: nothing else is released."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for path in listed.split("\0") if path and (ROOT / path).is_file()]


def copy_tracked(target: Path) -> None:
    """Copy them, so that building leaves nothing behind in the checkout."""
    for path in tracked():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target / path)


def build(source: Path, target: Path, *, quick: bool) -> list[Path]:
    if quick:
        run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", target, source)
    else:
        run(sys.executable, "-m", "build", "--outdir", target, source)
    built = sorted(target.glob(f"{PACKAGE}*"))
    run(sys.executable, "-m", "twine", "check", "--strict", *built)  # that an index can show the README
    return built


def names_in(archive: Path) -> set[str]:
    if archive.suffix == ".whl":
        return set(zipfile.ZipFile(archive).namelist())
    with tarfile.open(archive) as tar:
        return {each.name.partition("/")[2] for each in tar if each.isfile()}


def check_contents(archive: Path) -> None:
    """Check that an archive holds the whole package, and nothing that does not belong to it."""
    roots = (PACKAGE,) if archive.suffix == ".whl" else (PACKAGE, CLIENT)
    found, ours = names_in(archive), {path for path in tracked() if path.partition("/")[0] in roots}
    missing = ours - found
    if missing:
        sys.exit(f"{archive.name} lacks {sorted(missing)}")
    strange = [
        name for name in found - ours if name.partition("/")[0] in ("tests", "examples", "bench", "load", *roots)
    ]
    if archive.suffix == ".whl":
        strange = [name for name in found - ours if ".dist-info/" not in name]
    if strange:
        sys.exit(f"{archive.name} holds {sorted(strange)}")


def try_in_an_empty_environment(archive: Path, folder: Path) -> None:
    """Install an archive with what it depends on, and nothing else, and run the smoke test far from the checkout."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", archive)
    run(sys.executable, "-m", "pip", "--python", python, "check")
    shutil.copy2(ROOT / "tools" / "smoke.py", folder)
    run(python, "-W", "error", "smoke.py", ROOT, cwd=folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the wheel alone, built by what is installed here")
    parser.add_argument("directory", nargs="?", type=Path, help="where wheel and sdist are left")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "source")
        copy_tracked(source)
        target = given.directory or Path(scratch, "dist")
        target.mkdir(parents=True, exist_ok=True)
        for archive in build(source, target.resolve(), quick=given.quick):
            check_contents(archive)
            with tempfile.TemporaryDirectory() as folder:
                try_in_an_empty_environment(archive.resolve(), Path(folder))


if __name__ == "__main__":
    main()
