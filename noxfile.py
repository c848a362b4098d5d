"""The versions that the package is tested with: ``nox -l`` lists the sessions, ``nox -s tests-3.12`` runs one.

Arguments after ``--`` go to pytest: ``nox -s lowest -- -k fields``. An interpreter is looked for on PATH and among
pyenv's; one that is missing is reported, and is an error with ``--error-on-missing-interpreters`` (and where ``CI`` is
set).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = "CI" in os.environ

ROOT = Path(__file__).parent
PYTHONS = ("3.10", "3.11", "3.12", "3.13")
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]
BROWSER = "tests/browser"
EXTRAS = "async,celery,openapi,redis"
#: those whose next release may break us
NEIGHBOURS = ("flask", "werkzeug", "jinja2", "marshmallow", "itsdangerous", "wtforms", "flask-wtf", "apispec", "click")
PARALLEL = ("--numprocesses", "logical", "--dist", "loadfile", "--no-loadscope-reorder")
#: they look at the files of the checkout
OF_THE_CHECKOUT = ("tests/test_docs_links.py", "tests/test_layers.py")

# before pyenv's shims, which know every version and run one
pyenvs = sorted(Path.home().glob(".pyenv/versions/3.*/bin"), reverse=True)
os.environ["PATH"] = os.pathsep.join([*map(str, pyenvs), os.environ.get("PATH", "")])
os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")


def project() -> dict[str, object]:
    found: dict[str, object] = nox.project.load_toml(ROOT / "pyproject.toml")["project"]
    return found


def floors() -> list[str]:
    """Return the lowest releases that ``pyproject.toml`` admits: ``["flask==3.1", "flask-wtf==1.2.2"]``."""
    found = project()
    extras = found["optional-dependencies"].values()  # type: ignore[attr-defined]
    texts = [*found["dependencies"], *(each for extra in extras for each in extra)]  # type: ignore[misc]
    requirements = [Requirement(text) for text in texts]
    return sorted({f"{each.name}=={bound.version}" for each in requirements for bound in each.specifier})


def install(session: nox.Session, *arguments: str) -> None:
    """Install the package with all extras and what its tests need."""
    session.install("-q", "pip>=25.1")
    session.install("-q", "--group", "test", "--group", "docs", *arguments)
    if not Path(session.bin, "redis-server").exists():
        session.run("tools/install-redis", session.bin, external=True, silent=True)


def run_tests(session: nox.Session, *arguments: str) -> None:
    given = session.posargs or (f"--ignore={BROWSER}",)
    session.run("pytest", "-q", "-p", "no:cacheprovider", *PARALLEL, *arguments, *given)


def scratch() -> Path:
    """Return an empty folder: not nox's own, below whose environment Flask takes each app for an installed one."""
    return Path(tempfile.mkdtemp(prefix="nox-")).resolve()


def copy_all_but_the_package(session: nox.Session, target: Path) -> None:
    """Copy what git knows here, so that ``import flask_serveractions`` finds what is installed."""
    listed = session.run("git", "ls-files", external=True, silent=True, log=False)
    for path in str(listed).splitlines():
        if not path.startswith("flask_serveractions/"):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target / path)
    modules = ROOT / BROWSER / "node_modules"
    if modules.exists():
        (target / BROWSER / "node_modules").symlink_to(modules)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests outside of browsers, with the newest dependencies."""
    install(session, "-e", f".[{EXTRAS}]")
    run_tests(session)


@nox.session(python=NEWEST)
def browser(session: nox.Session) -> None:
    """The tests in browsers, with the newest Python and the newest dependencies."""
    install(session, "-e", f".[{EXTRAS}]")
    session.run("pytest", "-q", "-p", "no:cacheprovider", *PARALLEL, *(session.posargs or (BROWSER,)))


@nox.session(python=OLDEST)
def lowest(session: nox.Session) -> None:
    """All tests outside of browsers, with the oldest Python and the lowest releases that pyproject.toml admits."""
    constraints = scratch() / "lowest.txt"
    constraints.write_text("\n".join(floors()) + "\n", encoding="utf-8")
    install(session, "--constraint", str(constraints), "-e", f".[{EXTRAS}]")
    run_tests(session)


@nox.session(python=NEWEST)
def prereleases(session: nox.Session) -> None:
    """All tests outside of browsers, with the releases to come of what the package stands on, where there are any."""
    install(session, "-e", f".[{EXTRAS}]")
    session.install("-q", "--pre", "--upgrade", *NEIGHBOURS)
    session.run("pip", "list", "--format", "freeze")
    run_tests(session)


@nox.session(python=NEWEST)
@nox.parametrize("kind", ["wheel", "sdist"])
def package(session: nox.Session, kind: str) -> None:
    """What is released: built, looked into, tried in an empty environment, and tested far from the checkout."""
    folder = scratch()
    session.install("-q", "--group", "package")
    session.run("python", "tools/check_package.py", str(folder / "dist"))
    (archive,) = (folder / "dist").glob("*.whl" if kind == "wheel" else "*.tar.gz")
    install(session, f"{archive}[{EXTRAS}]")
    session.install("-q", "--force-reinstall", "--no-deps", str(archive))  # another build may be there already
    copy_all_but_the_package(session, folder)
    with session.chdir(folder):
        run_tests(session, *(f"--ignore={path}" for path in OF_THE_CHECKOUT))


@nox.session(python=[OLDEST, NEWEST])
def typing(session: nox.Session) -> None:
    """The package's types from the outside: mypy and pyright on a sample application."""
    session.install("-q", "pip>=25.1")
    session.install("-q", "--group", "check", "pytest", "-e", ".[openapi,redis]")
    session.run("mypy")
    session.run("mypy", "--config-file", "tests/type_check/mypy.ini")
    python = shutil.which("python", path=session.bin)
    session.run(
        f"{BROWSER}/node_modules/.bin/pyright", "--project", "tests/type_check", "--pythonpath", python, external=True
    )
