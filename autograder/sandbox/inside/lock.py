"""Locks the worker in: runs inside, after `import numpy` and before a student's first byte is read.

Nothing here can be undone by the process that called it. The system-call filter is a list of what is allowed:
computing in memory, talking over the sockets that are open already, and with `files_readable` opening files
for reading. There is no other process, no program to run, no signal to send, no socket to make.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from typing import Any

# Name, number on x86_64, number on aarch64 ("-" where it does not exist).
_COMPUTING = """
read 0 63, write 1 64, close 3 57, fstat 5 80, poll 7 -, lseek 8 62, mmap 9 222, mprotect 10 226, munmap 11 215,
brk 12 214, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, pread64 17 67, readv 19 65, writev 20 66,
select 23 -, sched_yield 24 124, mremap 25 216, msync 26 227, mincore 27 232, madvise 28 233, dup 32 23,
nanosleep 35 101, setitimer 38 103, getpid 39 172, exit 60 93, uname 63 160, gettimeofday 96 169, getrlimit 97 163,
getrusage 98 165, sysinfo 99 179, times 100 153, getuid 102 174, getgid 104 176, geteuid 107 175, getegid 108 177,
getppid 110 173, sigaltstack 131 132, gettid 186 178, futex 202 98, sched_getaffinity 204 123, set_tid_address 218 96,
restart_syscall 219 128, clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, exit_group 231 94,
pselect6 270 72, ppoll 271 73, set_robust_list 273 99, getcpu 309 168, getrandom 318 278, rseq 334 293
"""
_READING = """
stat 4 -, lstat 6 -, access 21 -, getcwd 79 17, readlink 89 -, getdents64 217 61, newfstatat 262 79,
readlinkat 267 78, faccessat 269 48, statx 332 291, faccessat2 439 439
"""
_CONDITIONAL = (
    "ioctl 16 29, sendto 44 206, recvfrom 45 207, fcntl 72 25, openat 257 56, prlimit64 302 261, clone3 435 435"
)

_MACHINES = {"x86_64": (1, 0xC000003E, 317), "aarch64": (2, 0xC00000B7, 277)}
"""Column in the tables, audit architecture, number of seccomp(2)."""

_ALLOW, _DENY, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06

_FCNTL = (0, 1, 2, 3, 1030)  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC: F_SETOWN and F_SETSIG send signals
_IOCTL = (0x5401, 0x5413, 0x5421, 0x5450, 0x5451)  # TCGETS, TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX: not FIOASYNC

_PDEATHSIG, _DUMPABLE, _CAPBSET_READ, _CAPBSET_DROP, _NO_NEW_PRIVS = 1, 4, 23, 24, 38
_FILTER_MODE, _ALL_THREADS = 1, 1
_CAPABILITY_VERSION = 0x20080522

Instruction = tuple[int, int, int, int]


def prepare(files_readable: bool) -> None:
    """In the process that others are forked from, what is the same for all and inherited; raises if a step fails."""
    if sys.platform == "linux":
        compiled_filter(_machine(), files_readable)
        if os.geteuid() == 0:
            _drop_bounding_set(_libc())
    die_with_parent()


def lock(memory: int, cpu: int, files_readable: bool, drop_to: int | None) -> None:
    """Give up everything but computing, for good. Raises if any step fails: then nothing may be run.

    The process that this one is forked from has called `prepare`.
    `memory` in bytes, `cpu` in seconds; `drop_to` is the throw-away user that root becomes. On other systems
    than Linux there are only resource limits, as far as the system has them: the launcher calls that weak.
    """
    if sys.platform != "linux":
        _change_user(drop_to)
        _refuse_root()
        _limit(memory, cpu, strict=False)
        return
    libc = _libc()
    die_with_parent()
    if drop_to is not None:
        _change_user(drop_to)
        die_with_parent()  # becoming another user cleared both
    _refuse_root()
    _drop_capabilities(libc)
    _limit(memory, cpu, strict=True)
    _prctl(libc, _NO_NEW_PRIVS, 1)
    _install(libc, _machine(), files_readable)
    _verify(files_readable)


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@functools.cache
def _machine() -> str:
    found = os.uname().machine
    if found not in _MACHINES:
        raise OSError(f"no system-call filter for machine {found}")
    return found


def _prctl(libc: ctypes.CDLL, option: int, value: int) -> None:
    _check(libc.prctl(option, ctypes.c_ulong(value), *[ctypes.c_ulong(0)] * 3), "prctl")


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def die_with_parent() -> None:
    """End this process when the thread that started it ends, and let no other one look into it. Linux only."""
    if sys.platform != "linux":
        return
    libc = _libc()
    _prctl(libc, _PDEATHSIG, signal.SIGKILL)
    _prctl(libc, _DUMPABLE, 0)  # no core file, not even through a core_pattern program; no ptrace


def _drop_bounding_set(libc: ctypes.CDLL) -> None:
    for capability in range(64):
        if libc.prctl(_CAPBSET_READ, ctypes.c_ulong(capability), *[ctypes.c_ulong(0)] * 3) < 0:
            return  # past the last one that this kernel knows
        _prctl(libc, _CAPBSET_DROP, capability)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Usually none are left; a container may have been set up such that a change of user keeps them."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    _check(libc.capset(header, bytes(24)), "capset")


def _change_user(drop_to: int | None) -> None:
    if drop_to is not None:
        os.setgroups([])
        os.setgid(drop_to)  # as root these set the real, the effective and the saved one
        os.setuid(drop_to)


def _refuse_root() -> None:
    if 0 in (os.getuid(), os.geteuid()):
        raise PermissionError("student code is never run as root")


def _limit(memory: int, cpu: int, strict: bool) -> None:
    limits = {
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_CPU": (cpu, cpu + 1),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NOFILE": (64, 64),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_NPROC": (0, 0),  # the user has processes already, so no new one
    }
    for name, (soft, hard) in limits.items():
        try:
            kind = getattr(resource, name)
            _, highest = resource.getrlimit(kind)
            if highest != resource.RLIM_INFINITY:  # never ask for more than the host grants
                soft, hard = min(soft, highest), min(hard, highest)
            resource.setrlimit(kind, (soft, hard))
        except (AttributeError, ValueError, OSError):
            if strict:
                raise


def _install(libc: ctypes.CDLL, machine: str, files_readable: bool) -> None:
    program = compiled_filter(machine, files_readable)
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a count, padding, a pointer
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer))
    number = _MACHINES[machine][2]
    arguments: list[Any] = [ctypes.c_long(number), ctypes.c_ulong(_FILTER_MODE), ctypes.c_ulong(_ALL_THREADS), header]
    _check(libc.syscall(*arguments), "seccomp")


@functools.cache
def compiled_filter(machine: str, files_readable: bool) -> bytes:
    """The filter as the kernel reads it."""
    return b"".join(struct.pack("=HBBI", *line) for line in build_filter(machine, files_readable))


def build_filter(machine: str, files_readable: bool) -> list[Instruction]:
    """The filter as (code, jump if true, jump if false, operand); what is not named gets EPERM."""
    column, architecture, _ = _MACHINES[machine]
    numbers = _numbers(_CONDITIONAL, column)
    lines = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, 0)]
    if machine == "x86_64":  # the x32 numbers would go round the list
        lines += [(_AT_LEAST, 0, 1, 0x40000000), (_RETURN, 0, 0, _KILL)]
    for number in _numbers(_COMPUTING + "," + _READING if files_readable else _COMPUTING, column).values():
        lines += _when(number, [(_RETURN, 0, 0, _ALLOW)])
    lines += _when(numbers["clone3"], [(_RETURN, 0, 0, _DENY | errno.ENOSYS)])  # glibc then tries clone: EPERM
    lines += _when(numbers["fcntl"], _one_of(1, _FCNTL))
    lines += _when(numbers["ioctl"], _one_of(1, _IOCTL))
    # Only sockets that are connected already: no address. Limits may be read, and only one's own.
    lines += _when(numbers["sendto"], _zero((_low(4), None), (_high(4), None)))
    lines += _when(numbers["recvfrom"], _zero((_low(4), None), (_high(4), None)))
    lines += _when(numbers["prlimit64"], _zero((_low(0), None), (_low(2), None), (_high(2), None)))
    if files_readable:
        harmless = os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
        lines += _when(numbers["openat"], _zero((_low(2), ~harmless & 0xFFFFFFFF)))
    return [*lines, (_RETURN, 0, 0, _DENY | errno.EPERM)]


def _numbers(table: str, column: int) -> dict[str, int]:
    rows = [entry.split() for entry in table.split(",")]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def _when(number: int, block: list[Instruction]) -> list[Instruction]:
    """`block`, which returns, for one system call."""
    return [(_EQUAL, 0, len(block), number), *block]


def _low(argument: int) -> int:
    return 16 + 8 * argument


def _high(argument: int) -> int:
    return _low(argument) + 4


def _one_of(argument: int, values: Iterable[int]) -> list[Instruction]:
    # The kernel reads these arguments as 32-bit numbers, so the low half is all of it.
    lines: list[Instruction] = [(_LOAD, 0, 0, _low(argument))]
    for value in values:
        lines += [(_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*lines, (_RETURN, 0, 0, _DENY | errno.EPERM)]


def _zero(*words: tuple[int, int | None]) -> list[Instruction]:
    """Allow if each word, under its mask, is zero."""
    lines: list[Instruction] = []
    for offset, mask in words:
        lines.append((_LOAD, 0, 0, offset))
        if mask is not None:
            lines.append((_AND, 0, 0, mask))
        lines += [(_EQUAL, 1, 0, 0), (_RETURN, 0, 0, _DENY | errno.EPERM)]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def _verify(files_readable: bool) -> None:
    """Ask for what must be refused, so that a filter which was not applied is noticed here."""
    _expect_refusal(lambda: os.kill(os.getpid(), 0))
    _expect_refusal(lambda: os.setuid(0))
    _expect_refusal(lambda: os.open("/", os.O_RDWR if files_readable else os.O_RDONLY))


def _expect_refusal(attempt: Any) -> None:
    try:
        attempt()
    except PermissionError:
        return
    raise OSError("the system-call filter does not hold")
