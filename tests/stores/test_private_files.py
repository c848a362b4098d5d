"""The store's file is for us alone, whatever stands where it is made."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_serveractions.stores import private_files
from flask_serveractions.stores.store import Store, StoreCorrupt, StoreUnavailable, open_store
from tests.stores.looking import permissions


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def filled(path: Path) -> Store:
    store = open_store(f"sqlite:///{path}", "")
    store.add("key", "what somebody sent", 60)
    return store


def test_a_new_file_is_for_us_alone_whatever_the_umask_says(tmp_path: Path) -> None:
    store = filled(tmp_path / "new" / "state")
    assert permissions(tmp_path / "new" / "state") == dict.fromkeys(("state", "state-wal", "state-shm"), "0o600")
    store.close()


def test_a_file_that_a_link_leads_to_is_made_for_us_alone(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "state").symlink_to("link")
    (tmp_path / "link").symlink_to(tmp_path / "shared" / "real")
    store = filled(tmp_path / "state")
    assert set(permissions(tmp_path / "shared" / "real").values()) == {"0o600"}
    assert (tmp_path / "state").is_symlink()
    store.close()
    again = open_store(f"sqlite:///{tmp_path / 'shared' / 'real'}", "")
    assert again.get("key") is not None
    again.close()


def test_a_folder_that_is_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "current").symlink_to("release")
    filled(tmp_path / "current" / "state").close()
    assert permissions(tmp_path / "release" / "state")["state"] == "0o600"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_that_another_user_made_is_refused(tmp_path: Path, there: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if there:
        filled(tmp_path / "target").close()
    (tmp_path / "state").symlink_to("target")
    monkeypatch.setattr(private_files, "our_users", lambda: (os.geteuid() + 1,))  # only root could give a link away
    with pytest.raises(StoreCorrupt, match=r"state' is a link that another user made.*SERVERACTIONS_STORE_URL"):
        open_store(f"sqlite:///{tmp_path / 'state'}", "")
    assert (tmp_path / "target").exists() is there


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").symlink_to("state")
    with pytest.raises(StoreCorrupt, match="leads nowhere"):
        open_store(f"sqlite:///{tmp_path / 'state'}", "")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "state")
    with pytest.raises(StoreCorrupt, match="is no file"):
        open_store(f"sqlite:///{tmp_path / 'state'}", "")


def test_a_file_that_vanishes_is_made_anew_for_us_alone(tmp_path: Path) -> None:
    store = filled(tmp_path / "state")
    for path in tmp_path.iterdir():
        path.unlink()
    assert store.get("key") is None
    assert set(permissions(tmp_path / "state").values()) == {"0o600"}
    store.close()


@pytest.mark.parametrize(("mode", "warnings"), [(0o600, 0), (0o660, 0), (0o644, 1), (0o666, 1)])
def test_a_file_that_everybody_may_read_is_warned_of(
    tmp_path: Path, mode: int, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").touch()
    (tmp_path / "state").chmod(mode)
    with caplog.at_level(logging.WARNING, "flask_serveractions"):
        open_store(f"sqlite:///{tmp_path / 'state'}", "").close()
    assert [record.getMessage().count(f"({mode:#o}): chmod 600") for record in caplog.records] == [1] * warnings


def test_a_folder_that_can_not_be_made_is_a_store_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = open_store(f"sqlite:///{tmp_path / 'file' / 'state'}", "")
    with pytest.raises(StoreUnavailable):
        store.get("key")
