"""Course: nbgrader around the grading engine. Release, collect, record, export; never a fork or a patch of nbgrader."""

import sys

# jsonschema, on which nbgrader's notebooks build, would compile a grammar for each kind of web address, to check what no
# notebook has: a second and more in every command. Without this optional module it leaves that out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
