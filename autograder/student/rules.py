"""The rules of grading, kept in the process that checks a file: what it would not get there, it does not get here.

They protect from nothing: the code is the student's own, and so is the machine.
"""

from __future__ import annotations

import _thread
import errno
import os
import sys
import threading
from pathlib import Path
from typing import Any

_MEMORY = 1 << 30
_RECURSION = 3000
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_REFUSED = (
    *("socket.__new__", "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn"),
    *("os.spawn", "os.kill", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"),
)


def keep(numpy: Path) -> None:
    """Keep the rules from now on; files can be read only with the interpreter, with `numpy` and with this package."""
    sys.setrecursionlimit(_RECURSION)
    _limit_memory()
    there = {str(path) for path in (numpy, Path(__file__).parents[1], Path(os.__file__).parent)}
    readable = tuple(path.rstrip(os.sep) + os.sep for path in {*there, sys.prefix, sys.base_prefix})

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, int) and path != os.devnull:
                _opened(os.path.abspath(os.fsdecode(path)), flags, readable)
        elif event in _REFUSED:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    _refuse_threads()
    sys.addaudithook(hook)


def _refuse_threads() -> None:
    """Start no thread, and say what Python says where the system refuses one: older versions audit nothing there."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("can't start new thread")

    for module in (_thread, threading):
        for name in [name for name in vars(module) if name.lstrip("_").startswith("start_")]:
            setattr(module, name, refuse)


def _opened(path: str, flags: int, readable: tuple[str, ...]) -> None:
    if flags & _WRITES:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), path)
    if not path.startswith(readable):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _limit_memory() -> None:
    """Allow as much as in grading, but some in any case, whatever NumPy has taken by now."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        limit = max(_MEMORY, used + _MEMORY // 2)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ImportError, OSError, ValueError):
        return  # not on Linux
