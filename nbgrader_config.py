"""nbgrader's configuration: plain `nbgrader …` commands work from this directory. COURSE names another course."""

from autograder.course.config import configure

configure(get_config())  # type: ignore[name-defined]  # nbgrader defines it
