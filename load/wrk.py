"""wrk: how it is told what to send, and what it says of the answers."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .visitor import Request

UNIQUE = "UNIQUE"  # in a header or a body: another text each time
CONNECTIONS = 8
RESULT = "RESULT "

SCRIPT = """
local requests = {REQUESTS}
local stamp, turn, ready = "STAMP", 0, {}
for i, each in ipairs(requests) do
  if not each.unique then ready[i] = wrk.format(each.method, each.path, each.headers, each.body) end
end

function request()
  local i = turn % #requests + 1
  turn = turn + 1
  if ready[i] then return ready[i] end
  local each, headers, number = requests[i], {}, stamp .. turn
  for name, value in pairs(each.headers) do headers[name] = value:gsub("UNIQUE", number) end
  return wrk.format(each.method, each.path, headers, each.body and each.body:gsub("UNIQUE", number))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d, "lost": %d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What wrk found."""

    requests: int
    microseconds: int  # that it took
    p50: float  # microseconds
    p99: float
    failed: int  # answers of 400 and above
    lost: int  # requests that got no answer

    @property
    def per_second(self) -> float:
        return self.requests / self.microseconds * 1_000_000


def report_in(output: str) -> Report:
    """Return the report in what wrk has printed.

    :raises ValueError: there is none; the message shows what was printed.
    """
    for line in output.splitlines():
        if line.startswith(RESULT):
            return Report(**json.loads(line.removeprefix(RESULT)))
    raise ValueError(f"wrk has printed no result: {output!r}")


def script(requests: Sequence[Request], stamp: str) -> str:
    """Return a Lua program that sends requests in turn.

    :param stamp: letters that no other run has; what is unique begins with it.
    """
    tables = ", ".join(lua_table(each) for each in requests)
    return SCRIPT.replace("{REQUESTS}", f"{{{tables}}}").replace("STAMP", stamp)


def lua_table(request: Request) -> str:
    headers = ", ".join(f"[{lua_text(name)}] = {lua_text(value)}" for name, value in request.headers.items())
    fields: Mapping[str, str] = {
        "method": lua_text(request.method),
        "path": lua_text(request.path),
        "headers": f"{{{headers}}}",
        "body": lua_text(request.body) if request.body else "nil",
        "unique": "true" if UNIQUE in f"{request.headers}{request.body}" else "false",
    }
    return f"{{{', '.join(f'{name} = {value}' for name, value in fields.items())}}}"


def lua_text(text: str) -> str:
    """Return a text as Lua writes it: every byte that is not plain as ``\\ddd``."""
    plain = (chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\{byte:03}" for byte in text.encode())
    return f'"{"".join(plain)}"'


def run(port: int, requests: Sequence[Request], seconds: int, folder: Path) -> Report:
    """Send requests in turn for whole seconds, on eight connections that stay open.

    :raises RuntimeError: there is no wrk, or it fails.
    """
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("There is no wrk. `make load` installs it.")
    file = folder / "requests.lua"
    file.write_text(script(requests, secrets.token_hex(4)))
    options = f"--threads 1 --connections {CONNECTIONS} --duration {seconds}s --timeout 30s --script".split()
    found = subprocess.run(  # noqa: S603
        [program, *options, str(file), f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise RuntimeError(f"wrk fails: {found.stdout}{found.stderr}")
    return report_in(found.stdout)
