"""A Jupyter server, started for real, for the tests that open it in a browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

TOKEN = "only-for-this-test"
PATIENCE = 120  # seconds; the machine may be busy


@contextmanager
def jupyter(kind: str, folder: Path, own: Path, environment: Mapping[str, str], *more: str) -> Iterator[str]:
    """`jupyter <kind>` as it is typed in a folder, on a port of the system's choice. Yields its URL.

    Its settings are its own, in the folder `own`; nothing of it is left afterwards.
    """
    places = {key: str(own / key) for key in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    options = ["--ip=127.0.0.1", "--port=0", f"--IdentityProvider.token={TOKEN}", "--no-browser", "--allow-root", *more]
    with open(own / "log", "wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", kind, *options],
            cwd=folder,
            env={**os.environ, **places, **environment},
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield _address(server, own)
    finally:
        for number, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
            try:
                os.killpg(server.pid, number)
                server.wait(patience)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        server.wait()


def _address(server: subprocess.Popen[bytes], own: Path) -> str:
    """Where the server answers, once it does: it writes its port into a file of its own."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError, ValueError):  # not there, not whole, or nobody answers yet
            (told,) = (own / "JUPYTER_RUNTIME_DIR").glob("jpserver-*.json")
            url = f"http://127.0.0.1:{json.loads(told.read_text())['port']}"
            urllib.request.urlopen(f"{url}/api?token={TOKEN}", timeout=5).close()
            return url
        time.sleep(0.2)
    pytest.fail(f"Jupyter did not start:\n{(own / 'log').read_text(errors='replace')[-2000:]}")
