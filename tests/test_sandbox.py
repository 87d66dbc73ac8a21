"""Attacks on the sandbox, each as a student could write it, in every kind of sandbox that works here."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.border.batch import Batch
from autograder.border.values import encode
from autograder.errors import SandboxError
from autograder.sandbox import launcher, parent
from autograder.sandbox.inside import lock
from autograder.sandbox.inside.kept import Kept
from autograder.sandbox.launcher import Sandbox
from autograder.sandbox.mounts import _shared_libraries, interpreter, numpy_folder
from autograder.sandbox.parent import Inputs, Limits, Worker, WorkerDied

ROOT = Path(launcher.__file__).resolve().parents[2]
SOCKET = """
import gc, json, socket, struct, sys
connection = next(thing for thing in gc.get_objects() if isinstance(thing, socket.socket) and thing.fileno() >= 0)
def frame(text):
    connection.sendall(struct.pack(">I", len(text)) + text)
def identity():
    caller = sys._getframe()
    while "id" not in (caller.f_locals.get("request") or ()):
        caller = caller.f_back
    return caller.f_locals["request"]["id"]
"""


@pytest.fixture(params=launcher.sandboxes(), ids=lambda sandbox: sandbox.name)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    found: Sandbox = request.param
    if launcher.problem(found):
        pytest.skip(launcher.problem(found))
    return found


@pytest.fixture
def worker(sandbox: Sandbox) -> Iterator[Worker]:
    with sandbox.start(Limits()) as started:
        yield started


def run(worker: Worker, body: str, before: str = "", **options: Any) -> dict[str, Any]:
    """What the call of a function with this body gives."""
    source = f"{before}\ndef f(x):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    worker.request({"op": "load", "cells": [source], "names": ["f"]})
    call = {"op": "call", "name": "f", "call": "f(x)", "cases": [{"x": encode(1)}]}
    (result,) = Batch.from_bytes(worker.request(call, **options)["block"]).entries()
    return result


def value(worker: Worker, body: str, before: str = "") -> Any:
    result = run(worker, body, before)
    assert "value" in result, result
    return result["value"]


def dies(worker: Worker, body: str, before: str = "", **options: Any) -> str:
    """The reason for which the worker died of this; and whatever it died of, nothing is left of it."""
    processes = family(worker)
    with pytest.raises(WorkerDied) as caught:
        run(worker, body, before, **options)
    assert not alive(processes)
    with pytest.raises(WorkerDied):
        worker.request({"op": "load", "cells": [], "names": []})
    return str(caught.value.reason)


def family(worker: Worker, warm: bool = False) -> set[int]:
    """The worker's process and all that descend from it; with `warm`, the parent it was forked from too."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
    parent = worker._end.func.__self__  # type: ignore[attr-defined]
    generations = [{parent._process.pid}]
    while generations[-1]:
        generations.append({pid for pid, above in parents.items() if above in generations[-1]})
    # Around a parent in bubblewrap there are bubblewrap itself and the first process of its namespace.
    own = 3 if "bwrap" in parent.command[0] else 1
    return set().union(*generations[0 if warm else own :])


def alive(processes: set[int]) -> set[int]:
    """Those that have not ended; one that only waits to be collected has."""
    found = set()
    for pid in processes:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        found |= set() if state in "ZX" else {pid}
    return found


def test_honest_code_works(worker: Worker) -> None:
    reply = worker.request(
        {"op": "load", "cells": ["import numpy as np", "def f(x): return np.sqrt(x)"], "names": ["f"]}
    )
    assert reply["defined"] == ["f"]
    cases = [{"x": encode(float(number))} for number in range(3)]
    reply = worker.request({"op": "call", "name": "f", "call": "f(x)", "cases": cases})
    assert [result["value"] for result in Batch.from_bytes(reply["block"]).entries()] == [0.0, 1.0, 2.0**0.5]


def test_a_list_that_one_call_changes_is_as_it_was_for_all(sandbox: Sandbox) -> None:
    """Calls share their arguments if none changes them: else all are to be made again, each with its own."""
    case = {"x": encode([[np.zeros(1)], [np.ones(1)]])}
    inputs = Inputs.of({"f": [case] * 3})
    source = "def f(x):\n    x[1].append(x[0].pop())\n    return len(x[1]) + 10 * len(x[0])"
    with sandbox.start(Limits(), inputs) as one:
        one.request({"op": "load", "cells": [source], "names": ["f"]})
        call = {"op": "call", "name": "f", "call": "f(x)", "kept": "f", "which": [[0, 3], [0, 1]]}
        for _ in range(2):
            assert one.request({**call, "shared": True})["changed"] is True
            reply = one.request(call)
            assert Batch.from_bytes(reply["block"]).entries() == [{"value": 2, "changed": ["x"]}] * 4


@pytest.mark.skipif(not shutil.which("ldd"), reason="asks ldd")
def test_the_libraries_are_those_that_ldd_names() -> None:
    folder = numpy_folder()
    files = list(folder.rglob("*.so"))
    listing = subprocess.run(["ldd", interpreter(), *files], capture_output=True, text=True, check=True).stdout
    named = {os.path.normpath(path) for path in re.findall(r"(/\S+) \(0x", listing)}
    assert set(map(str, _shared_libraries(folder, files))) == named - set(map(str, [interpreter(), *files]))


def test_numpy_is_whole(worker: Worker) -> None:
    body = """
        a = np.random.default_rng(0).normal(size=(20, 20))
        u, s, v = np.linalg.svd(a)
        np.testing.assert_allclose(u * s @ v, a, atol=1e-9)
        q, r = np.linalg.qr(a)
        return float(np.abs(np.fft.ifft(np.fft.fft(a)) - a).max() + np.einsum("ij,ij", a, a) * 0) < 1e-9
    """
    assert value(worker, body, "import numpy as np") is True


def test_what_an_assignment_uses_is_imported_beforehand_and_all_else_when_it_is_asked_for(sandbox: Sandbox) -> None:
    def loaded(modules: list[str]) -> bool:
        with sandbox.start(Limits(), Inputs.of({}, modules=modules)) as worker:
            found: bool = value(worker, "import sys; return 'numpy.random' in sys.modules")
            assert isinstance(
                value(worker, "from numpy.random import default_rng; return default_rng().normal()"), float
            )
            return found

    with ThreadPoolExecutor(1) as fresh:  # the warm parent of this thread may have it from another test
        assert fresh.submit(loaded, []).result() != sandbox.strong  # one that cannot read files has all of it
        assert fresh.submit(loaded, ["numpy.random"]).result()


def test_the_same_in_every_worker(sandbox: Sandbox) -> None:
    orders = set()
    for _ in range(2):
        with sandbox.start(Limits()) as worker:
            orders.add(tuple(value(worker, "return list({'dW', 'db', 'dZ', 'dA', 'W', 'b'})")))
    assert len(orders) == 1


REFUSED = {
    "fork": "import os; return os.fork()",
    "exec": "import os, sys; os.execv(sys.executable, [sys.executable, '-V'])",
    "spawn": "import os; return os.posix_spawn('/bin/true', ['true'], {})",
    "subprocess": "import subprocess; return subprocess.run(['/bin/true']).returncode",
    "thread": "import threading; threading.Thread(target=int).start()",
    "socket": "import socket; socket.socket()",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX)",
    "connect": "import socket; socket.create_connection(('127.0.0.1', 80))",
    "pipe": "import os; return os.pipe()",
    "read": "return open('/etc/passwd').read()",
    "read proc": "return open('/proc/self/environ').read()",
    "list": f"import os; return os.listdir({str(ROOT / 'solutions')!r})",
    "stat": f"import os; return os.stat({str(ROOT / 'autograder' / 'errors.py')!r}).st_size",
    "torch": "import torch",
    "hypothesis": "import hypothesis",
    "cases": "import autograder.cases.store",
    "launcher": "import autograder.sandbox.launcher",
    "write": "open('/tmp/left-behind', 'w').write('x')",
    "write null": "open('/dev/null', 'w').write('x')",
    "make a folder": "import os; os.mkdir('/tmp/left-behind')",
    "remove": f"import os; os.unlink({__file__!r})",
    "kill all": "import os; os.kill(-1, 9)",
    "kill group": "import os; os.kill(0, 9)",
    "kill parent": "import os; os.kill(os.getppid(), 9)",
    "become root": "import os; os.setuid(0)",
    "more memory": "import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 33, 1 << 33))",
    "signals by fcntl": SOCKET + "import fcntl; fcntl.fcntl(connection.fileno(), fcntl.F_SETOWN, 1)",
    "signals by ioctl": SOCKET + "import fcntl; fcntl.ioctl(connection.fileno(), 0x5452, b'1234')",
    "send elsewhere": SOCKET + "connection.sendto(b'x', '/tmp/socket')",
    "pass a descriptor": SOCKET + "socket.send_fds(connection, [b'x'], [0])",
    "8 GB": "return bytearray(8 << 30)",
    "8 GB in parts": "parts = []\nwhile True: parts.append(bytearray(1 << 28))",
    "exit": "raise SystemExit",
    "recursion": "return f(x)",
    "generator": "return (y for y in range(3))",
    "object": "return object()",
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_is_refused(worker: Worker, body: str) -> None:
    assert "error" in run(worker, body)
    assert value(worker, "return x + 1") == 2


def test_no_command_runs(worker: Worker) -> None:
    assert value(worker, "import os; return os.system('true')") != 0


def test_is_an_ordinary_user_without_rights(worker: Worker) -> None:
    assert 0 not in value(worker, "import os; return [os.getuid(), os.geteuid()]")


def test_what_is_forked_can_never_have_a_right_again() -> None:
    """No program that it could run would give it one: root's process drops them all before the first fork."""
    code = (
        "import os, sys\nfrom autograder.sandbox.inside import lock\nlock.prepare(True)\nif os.fork() == 0:\n"
        "    held = [n for n in range(64) if lock._libc().prctl(23, n, 0, 0, 0) == 1]\n"
        "    os._exit(bool(held) and os.getuid() == 0)\nsys.exit(os.waitstatus_to_exitcode(os.wait()[1]))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_environment_holds_nothing(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_THE_GRADER", "secret")
    with sandbox.start(Limits()) as worker:
        assert set(value(worker, "import os; return dict(os.environ)")) <= {*launcher._ENVIRONMENT, "PWD", "LC_CTYPE"}


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")
def test_every_other_system_call_is_refused(sandbox: Sandbox, worker: Worker) -> None:
    tables = [lock._COMPUTING, lock._CONDITIONAL, *([lock._READING] if sandbox.strong else [])]
    known = {number for table in tables for number in lock._numbers(table, 1).values()}
    # Two more belong to the kernel's tracing of itself: it lets no filter see them, and kills who calls them.
    others = sorted(set(range(470)) - known - {335, 336})
    body = f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        return [n for n in {others} if libc.syscall(n, 0, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() != 1]
    """
    assert value(worker, body) == []


@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86_64")
def test_numbers_of_another_table_kill(worker: Worker) -> None:
    assert dies(worker, "import ctypes; return ctypes.CDLL(None).syscall(0x40000000 + 39)") == "crashed"


def test_only_what_is_needed_is_there() -> None:
    sandbox = launcher.sandboxes()[0]
    if not sandbox.strong or launcher.problem(sandbox):
        pytest.skip("no strong sandbox here")
    listing = """
        import os
        import numpy
        ours = ['', '/border', '/sandbox', '/sandbox/inside']
        shown = [os.path.dirname(numpy.__path__[0]), '/worker', *('/worker/autograder' + folder for folder in ours)]
        shown.append('/worker/reader/IPython')
        return [os.listdir(folder) for folder in shown] + [os.getpid(), os.path.exists('/proc/1'), os.listdir('/dev')]
    """
    with sandbox.start(Limits()) as worker:
        site, top, package, border, sides, inside, reader, pid, proc, devices = value(worker, listing)
        assert value(worker, "import colorsys; return colorsys.__name__") == "colorsys"  # a late import
    assert set(site) <= {"numpy", "numpy.libs"}
    assert (set(top), set(package)) == ({"autograder", "reader"}, {"__init__.py", "border", "sandbox"})
    assert set(border) == {"__init__.py", "batch.py", "values.py", "wire.py"}
    assert set(sides) == {"__init__.py", "inside"}
    ours = "__init__ absent budget cells definitions kept lock names shell stubs warm worker"
    assert set(inside) == {f"{name}.py" for name in ours.split()}
    assert set(reader) == {"core", "utils"}
    assert (pid <= 2, proc, devices) == (True, False, ["null"])


def test_exit_status_proves_nothing(worker: Worker) -> None:
    assert dies(worker, "import os; os._exit(0)") == "crashed"


def test_endless_loop(worker: Worker) -> None:
    assert dies(worker, "while True: pass", wall=1.0) == "timeout"


def test_endless_loop_that_ignores_signals(worker: Worker) -> None:
    body = """
        import signal
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True:
            try: bytearray(1 << 29)
            except BaseException: pass
    """
    assert dies(worker, body, wall=1.0) == "timeout"


def test_sleep(worker: Worker) -> None:
    assert dies(worker, "import time; time.sleep(1000)", wall=1.0) == "timeout"


def test_processor_time_is_limited(sandbox: Sandbox) -> None:
    with sandbox.start(Limits(wall=120.0, cpu=1)) as worker:
        begin = time.monotonic()
        assert dies(worker, "while True: pass") == "timeout"
        assert time.monotonic() - begin < 100


def test_segmentation_fault(worker: Worker) -> None:
    assert dies(worker, "import ctypes; return ctypes.string_at(0)") == "crashed"


BAD_FRAMES = {
    "huge": "connection.sendall(b'\\xff' * 4)",
    "long": "frame(b'[' + b'1,' * (9 << 20) + b'1]')",
    "no JSON": "frame(b'\\x80abc')",
    "empty": "frame(b'')",
    "no object": "frame(b'[1]')",
    "deep": "frame(b'[' * 500_000)",
    "long number": "frame(b'{\"id\":' + b'1' * 10_000 + b'}')",
    "asks": "frame(json.dumps({'id': identity(), 'ask': 'g'}).encode())",
    "closes": "connection.close()",
    "many": "while True: frame(b'{}')",
}


@pytest.mark.parametrize("body", BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
def test_bad_frames(worker: Worker, body: str) -> None:
    assert dies(worker, body + "\nwhile True: pass", SOCKET) == "crashed"


def test_a_worker_killed_from_outside_is_not_the_students_mistake(worker: Worker) -> None:
    (inside,) = family(worker)
    threading.Timer(0.2, os.kill, (inside, signal.SIGKILL)).start()
    with pytest.raises(SandboxError, match="from outside"):
        run(worker, "while True: pass")


def test_a_parent_killed_from_outside_is_replaced(sandbox: Sandbox) -> None:
    worker = sandbox.start(Limits())
    threading.Timer(0.2, os.kill, (max(family(worker, warm=True) - family(worker)), signal.SIGKILL)).start()
    with pytest.raises(SandboxError, match="from outside"):
        run(worker, "while True: pass")
    with sandbox.start(Limits()) as another:
        assert value(another, "return x") == 1


def test_drip(worker: Worker) -> None:
    body = "import time\nwhile True: connection.sendall(b'\\0'); time.sleep(0.1); connection.sendall(b'\\0\\0\\1')"
    assert dies(worker, body, SOCKET, wall=1.0) in ("timeout", "crashed")


def test_reply_sent_beforehand_is_not_read(worker: Worker) -> None:
    forged = "frame(json.dumps({'id': 'guess', 'results': [{'value': 100, 'changed': []}]}).encode()); return 2"
    assert value(worker, forged, SOCKET) == 2


def test_long_reply(sandbox: Sandbox) -> None:
    with sandbox.start(Limits(reply=10_000)) as worker:
        assert dies(worker, "return 'x' * 20_000") == "crashed"


def test_worker_may_ask(worker: Worker) -> None:
    worker.request({"op": "load", "cells": ["def g(x): return 0\ndef f(x): return g(x) + 1"], "names": ["f", "g"]})
    call = {
        "op": "call",
        "name": "f",
        "call": "f(x)",
        "cases": [{"x": 1}],
        "replace": {"g": [0, 0, 0]},
    }
    reply = worker.request(call, answer=lambda asked: {"value": encode(41)})
    assert Batch.from_bytes(reply["block"]).entries() == [{"value": 42}]


@pytest.mark.parametrize("reads", ["connection.recv(1 << 16)", "pass"], ids=["reads", "floods"])
def test_worker_may_not_ask_for_ever(worker: Worker, reads: str) -> None:
    asked = []

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return {"value": 1}

    body = f"while True:\n    frame(json.dumps({{'id': identity(), 'ask': 'g'}}).encode())\n    {reads}"
    dies(worker, body, SOCKET, answer=answer, wall=5.0)
    assert 0 < len(asked) <= 5000


def test_error_in_an_answer_ends_the_worker(worker: Worker) -> None:
    with pytest.raises(ZeroDivisionError):
        run(worker, BAD_FRAMES["asks"], SOCKET, answer=lambda question: {"value": 1 // 0})
    with pytest.raises(WorkerDied):
        worker.request({"op": "load", "cells": [], "names": []})


def test_nothing_is_left_after_close(sandbox: Sandbox) -> None:
    sandbox.start(Limits()).close()  # a warm parent stays
    open_before = len(os.listdir("/proc/self/fd"))
    worker = sandbox.start(Limits())
    processes = family(worker)
    assert alive(processes)
    worker.close()
    worker.close()
    assert not alive(processes)
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_nothing_is_left_when_the_grader_is_killed(sandbox: Sandbox) -> None:
    script = f"""
        import os, sys, time
        sys.path[:0] = {[str(ROOT), str(ROOT / "tests")]!r}
        from test_sandbox import family, launcher, Limits
        from autograder.border import wire
        from autograder.border.values import dumps
        sandbox, = [each for each in launcher.sandboxes() if each.name == {sandbox.name!r}]
        worker = sandbox.start(Limits())
        worker.request({{"op": "load", "cells": ["def f(x):\\n    while True: pass"], "names": ["f"]}})
        endless = {{"id": "", "op": "call", "name": "f", "call": "f(x)", "cases": [{{"x": 1}}]}}
        wire.send_frame(worker._connection, dumps(endless))
        time.sleep(0.3)
        print(*family(worker, warm=True), flush=True)
        os.kill(os.getpid(), 9)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    processes = {int(pid) for pid in ended.stdout.split()}
    assert processes
    deadline = time.monotonic() + 20
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(processes)


def test_no_lock_no_worker(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root that may not become another user, or a user that cannot: the lock fails, so nothing starts.
    monkeypatch.setattr(parent, "_throw_away_user", lambda: None if os.geteuid() == 0 else 61999)
    with pytest.raises(SandboxError, match="did not start"):
        sandbox.start(Limits())


def test_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    working = [sandbox for sandbox in launcher.sandboxes() if not launcher.problem(sandbox)]
    assert working
    if sys.platform == "linux" and os.environ.get("CI"):  # a tier that breaks must not just be left out there
        assert not any(launcher.problem(sandbox) for sandbox in launcher.sandboxes())
    assert launcher.choose() == working[0]
    assert all(sandbox.strong == (not sandbox.weakness) for sandbox in working)
    monkeypatch.setattr(launcher, "sandboxes", lambda: tuple(each for each in working if not each.strong))
    with pytest.raises(SandboxError, match="strong sandbox"):
        launcher.choose(allow_weak=False)
    monkeypatch.setattr(launcher, "sandboxes", lambda: ())
    with pytest.raises(SandboxError, match="bubblewrap"):
        launcher.choose()


def verdict(machine: str, files_readable: bool, name: str, *arguments: int) -> int:
    """What the filter says, by running it here: so that the other machine's is tested too."""
    column, architecture, _ = lock._MACHINES[machine]
    table = ",".join((lock._COMPUTING, lock._READING, lock._CONDITIONAL))
    words = {0: lock._numbers(table, column).get(name, 9999), 4: architecture}
    for index, argument in enumerate((*arguments, *[0] * (6 - len(arguments)))):
        words[16 + 8 * index], words[20 + 8 * index] = argument & 0xFFFFFFFF, argument >> 32 & 0xFFFFFFFF
    program, at, register = lock.build_filter(machine, files_readable), 0, 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == lock._RETURN:
            return operand
        if code == lock._LOAD:
            register = words[operand]
        elif code == lock._AND:
            register &= operand
        else:
            at += yes if (register == operand if code == lock._EQUAL else register >= operand) else no


@pytest.mark.parametrize("machine", lock._MACHINES)
def test_filter(machine: str) -> None:
    denied = lock._DENY | 1
    assert verdict(machine, False, "read") == verdict(machine, True, "statx") == lock._ALLOW
    assert verdict(machine, False, "clone") == verdict(machine, False, "statx") == denied
    assert verdict(machine, False, "openat", 0, 0, os.O_CLOEXEC) == denied
    assert verdict(machine, True, "openat", 0, 1, os.O_CLOEXEC) == lock._ALLOW
    for flag in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_TMPFILE, os.O_PATH, os.O_APPEND):
        assert verdict(machine, True, "openat", 0, 1, flag) == denied
    assert verdict(machine, False, "sendto", 3, 1, 1) == lock._ALLOW
    assert verdict(machine, False, "sendto", 3, 1, 1, 0, 1 << 40) == denied
    assert verdict(machine, False, "fcntl", 3, 3) == verdict(machine, False, "prlimit64", 0, 7) == lock._ALLOW
    assert verdict(machine, False, "fcntl", 3, 4) == verdict(machine, False, "prlimit64", 0, 7, 1 << 33) == denied
    assert verdict(machine, False, "prlimit64", 1, 7) == verdict(machine, False, "ioctl", 3, 0x5412) == denied
    assert verdict(machine, False, "clone3") == lock._DENY | 38


def test_what_a_call_changed_of_shared_arguments_is_noticed_and_put_back() -> None:
    kept = Kept([{"x": np.arange(6.0), "pair": [np.ones(2), np.zeros(3)]} for _ in range(20)])
    rows = [(x.copy(), [array.copy() for array in pair]) for x, pair in kept.rows]
    assert not kept.restored(range(20))
    for called in (range(20), [3], [3, 7]):
        kept.rows[3][0].shape = (2, 3)
        assert kept.restored(called)
        kept.rows[3][1].reverse()
        assert kept.restored(called)
        kept.rows[11][0][2] = 7  # one that was given to an earlier call
        assert kept.restored(called)
        assert not kept.restored(range(20))
    kept.rows[11][0].shape = (3, 2)
    assert not kept.restored([3]), "it shows when it is called"
    assert kept.restored([3, 11])
    for (x, pair), (was_x, was_pair) in zip(kept.rows, rows, strict=True):
        assert np.array_equal(x, was_x)
        assert all(map(np.array_equal, pair, was_pair))
