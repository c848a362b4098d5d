"""What a program pays before its first request: importing, and registering its actions."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory
from time import thread_time_ns
from typing import Annotated

from flask import Flask
from marshmallow.validate import Length

from flask_serveractions import Bound, ServerActions

from .count import instructions
from .todos import INSTANCE

IMPORTS = {
    "import flask": "import flask",
    "and flask_serveractions": "import flask, flask_serveractions",
    "and marshmallow, WTForms": "import flask, marshmallow, wtforms",
    "and ServerActions": "import flask; from flask_serveractions import ServerActions",
}
MANY = 200
ANNOTATIONS = 150  # more than the 128 that Python's typing keeps: from then on one goes for each that comes


def action() -> Callable[..., None]:
    def add(todo_id: Bound[int], text: Annotated[str, Length(1, 200)], amount: float, urgent: bool = False) -> None: ...

    return add


def registering() -> tuple[float, float]:
    """Return what an action of four arguments takes: milliseconds, and KB that stay."""
    actions = ServerActions()
    functions = [action() for _ in range(2 * MANY + 1)]
    actions.register(name="first")(functions.pop())
    spent = []
    for number, function in enumerate(functions[:MANY]):
        began = thread_time_ns()
        actions.register(name=f"timed_{number}")(function)
        spent.append(thread_time_ns() - began)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number, function in enumerate(functions[MANY:]):
        actions.register(name=f"weighed_{number}")(function)
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return median(spent) / 1e6, kept / MANY / 1024


def dropped_app() -> float:
    """Return the KB that an app leaves which nobody holds any more."""

    def make() -> None:
        app = Flask(__name__, instance_path=INSTANCE)
        app.secret_key = "bench"
        ServerActions(app).register(action())
        app.test_client().get("/")

    tracemalloc.start()
    for _ in range(ANNOTATIONS):
        make()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(MANY):
        make()
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return kept / MANY / 1024


def environ_with_bytecode(folder: str) -> dict[str, str]:
    """Return an environ in which programs keep what they have compiled, as an installed package does.

    :param folder: an empty one, for the bytecode.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**environ, "PYTHONPYCACHEPREFIX": folder, "PYTHONHASHSEED": "0"}


def processor_milliseconds(program: str, environ: dict[str, str]) -> float:
    def spent() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return (used.ru_utime + used.ru_stime) * 1000

    began = spent()
    subprocess.run([sys.executable, "-c", program], check=True, env=environ)  # noqa: S603  # one of ours
    return spent() - began


def importing(*, count: bool, rounds: int = 9) -> str:
    """Return a line for each program that imports and ends: milliseconds of the processor, and of instructions.

    The milliseconds are medians, and the programs take turns.
    """
    times: dict[str, list[float]] = {name: [] for name in IMPORTS}
    with TemporaryDirectory() as folder:
        environ = environ_with_bytecode(folder)
        for program in IMPORTS.values():
            processor_milliseconds(program, environ)  # it compiles
        for _ in range(rounds):
            for name, program in IMPORTS.items():
                times[name].append(processor_milliseconds(program, environ))
        counted = {name: instructions(["-c", each], environ) for name, each in IMPORTS.items()} if count else {}
    return "\n".join(
        f"{name:<26}{median(each):>9.0f} ms" + (f"{counted[name] / 1e6:>9.0f} million instructions" if count else "")
        for name, each in times.items()
    )


def report(*, count: bool) -> str:
    milliseconds, kept = registering()
    return (
        f"\n{importing(count=count)}\n"
        f"{'an action, four arguments':<26}{milliseconds:>9.2f} ms{kept:>9.1f} KB, at most 0.4 ms and 8 KB\n"
        f"{'an app that was dropped':<26}{'':>12}{dropped_app():>9.1f} KB"
    )
