"""docs/reference/faults.md says which rows of the matrix have tests, and which have none."""

from __future__ import annotations

from tests.faults.table import PAGE, page, rows
from tests.faults.table import tests_by_row as by_row


def test_the_page_is_what_the_tests_say() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run: python tests/faults/table.py"


def test_every_id_in_a_name_is_a_row() -> None:
    known = {row for row, _, _ in rows()}

    assert set() == set(by_row()) - known


def test_the_matrix_is_whole() -> None:
    counts = {letter: sum(row[0] == letter for row, _, _ in rows()) for letter in "ABCDEFGHIJ"}

    assert counts == {"A": 39, "B": 22, "C": 18, "D": 8, "E": 21, "F": 13, "G": 11, "H": 15, "I": 20, "J": 7}
