"""Figures are drawn by code, and what is committed is what the code draws."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from autograder import project
from autograder.cases import load_module

FIGURES = load_module(project.root() / "solutions" / "figures.py").FIGURES
ALL = [(assignment, figure) for assignment, figures in FIGURES.items() for figure in figures]


@pytest.mark.parametrize(("assignment", "figure"), ALL, ids=lambda value: getattr(value, "__name__", value))
def test_a_figure_is_well_formed_described_and_up_to_date(assignment: str, figure: Any) -> None:
    path = Path(project.root() / "solutions" / assignment / "figures" / f"{figure.__name__}.svg")
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    texts = {child.tag.rpartition("}")[2]: child.text for child in root}
    assert texts["title"]
    assert texts["desc"]
    assert root.get("role") == "img"
    assert path.read_text(encoding="utf-8") == figure().svg()
