"""Every target under hypothesis: what it finds, it shows as bytes; docs/security.rst says how to go on from there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import coverage_guided
from .event_streams import expected_events
from .targets import CRUEL, TARGETS, Target

EXAMPLES = 60
ROOT = Path(__file__).parents[2]


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Return what is sent to a target: its own tokens, cruel ones, raw bytes; alone, or spliced into a seed."""
    piece = st.sampled_from((*target.tokens, *CRUEL)) | st.binary(max_size=6)
    mixed = st.lists(piece, max_size=10).map(b"".join)
    spliced = st.builds(splice, st.sampled_from(target.seeds), st.integers(0, 120), st.integers(0, 12), mixed)
    return mixed | spliced


def splice(seed: bytes, place: int, length: int, new: bytes) -> bytes:
    place = place % (len(seed) + 1)
    return seed[:place] + new + seed[place + length :]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_is_an_error(target: Target) -> None:
    @settings(max_examples=EXAMPLES, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def attack(data: bytes) -> None:
        target.run(data)

    for seed in target.seeds:
        target.run(seed)
    attack()


def test_the_search_by_coverage_attacks_the_same_targets() -> None:
    assert coverage_guided.targets() == {target.name: target for target in TARGETS}


def test_a_finding_is_given_to_its_target_again(tmp_path: Path) -> None:
    found = tmp_path / "found"
    found.write_bytes(b"text=a")
    command = [sys.executable, "-m", "tests.fuzzing.coverage_guided", "--replay", "form", str(found)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, f"form: nothing is wrong with {found}.\n")


def test_the_reader_of_the_standard_knows_what_the_standard_says() -> None:
    """The examples of WHATWG HTML, 9.2.6."""
    assert expected_events(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [["message", "YHOO\n+2\n10"]]
    assert expected_events(b"data\n\ndata\ndata\n\ndata:") == [["message", ""], ["message", "\n"]]
    assert expected_events(b"data:test\n\ndata: test\n\n") == [["message", "test"], ["message", "test"]]
    assert expected_events(b": test stream\n\ndata: first event\nid: 1\n\n") == [["message", "first event"]]
