"""What the README shows is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block {name!r}"
    return found[1]


def feedback(folder: Path) -> str:
    """What `autograder grade backprop wrong.py` prints for the submission in the README, on a line of 100 columns."""
    (folder / "wrong.py").write_text(block("submission"))
    command = [sys.executable, "-m", "autograder.cli", "grade", "backprop", "wrong.py"]
    environment = {"COLUMNS": "100", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    printed = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout
    return "\n".join(line.rstrip() for line in printed.splitlines()) + "\n"


def test_the_feedback_shown_is_the_feedback_given(tmp_path: Path) -> None:
    first, *printed = feedback(tmp_path).splitlines()
    told, *shown = block("feedback").splitlines()
    assert printed == shown
    assert first.startswith("backprop, version ")  # the version follows NumPy's last bits, the sandbox the machine
    assert told.startswith("backprop, version ")


def test_the_exercise_shown_is_the_exercise_in_use() -> None:
    hidden = Path(__file__).parent.parent / "solutions" / "backprop" / "hidden.py"
    assert block("exercise") in hidden.read_text(encoding="utf-8")
