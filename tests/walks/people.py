"""People of a walk: Unix users of their own, who type what the pages say into a shell, and nothing else."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("runuser", "useradd", "userdel", "git", "make")
PATIENCE = 1800  # seconds for one command, whatever else the machine is doing; nothing depends on how long it takes
_PASSED_ON = ("PIP_", "SSL_", "REQUESTS_CA", "CURL_CA", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
"""What a machine's administrator sets for everyone: where packages come from."""


def why_not() -> str:
    """Why there can be no people here; empty if there can."""
    if os.geteuid() != 0:
        return "only root can make Unix users"
    missing = [name for name in NEEDED if shutil.which(name) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@dataclass(frozen=True)
class Person:
    """A Unix user with a home of their own."""

    name: str
    home: Path

    def command(self, line: str) -> list[str]:
        """The command that runs a line as this user types it into a shell."""
        own = {key: value for key, value in os.environ.items() if key.startswith(_PASSED_ON)}
        own |= {"HOME": str(self.home), "USER": self.name, "LOGNAME": self.name, "LANG": "C.UTF-8", "COLUMNS": "120"}
        own["PATH"] = "/usr/local/bin:/usr/bin:/bin"
        settings = [f"{key}={value}" for key, value in own.items()]
        return ["runuser", "-u", self.name, "--", "env", "-i", *settings, "bash", "-c", f"umask 022; {line}"]

    def tries(self, line: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Type a line, whatever comes of it."""
        return subprocess.run(
            self.command(line),
            cwd=folder or self.home,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
        )

    def types(self, line: str, folder: Path | None = None) -> str:
        """Type a line that must work. Returns all that it prints."""
        done = self.tries(line, folder)
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{self.name} typed {line!r} and got {done.returncode}:\n{said[-6000:]}"
        assert "Traceback (most recent call last)" not in said, f"{self.name} typed {line!r}:\n{said[-6000:]}"
        return said

    def writes(self, path: Path, text: str) -> None:
        """Save a file, as an editor does."""
        path.write_text(text, encoding="utf-8")
        user = pwd.getpwnam(self.name)
        os.chown(path, user.pw_uid, user.pw_gid)


@contextmanager
def person(role: str) -> Iterator[Person]:
    """A new user, who is gone afterwards with all that they started and own at home."""
    name = f"{role}{secrets.token_hex(3)}"
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True, capture_output=True)
    try:
        yield Person(name, Path(pwd.getpwnam(name).pw_dir))
    finally:
        subprocess.run(["pkill", "-KILL", "-u", name], check=False)
        subprocess.run(["userdel", "--force", "--remove", name], check=False, capture_output=True)
