"""Course: nbgrader around the grading engine. Release, collect, record, export; never a fork or a patch of nbgrader."""

import sys

# jsonschema, on which nbgrader's notebooks build, would compile a grammar for each kind of web address, for a check
# that nothing here asks for: a second and more in every command. Without this optional module it leaves that out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
