"""Pages of one formula each, in every encoding that we know: what goes in, what must come out."""

import importlib.util
import json
from pathlib import Path

import pytest
from support.page_cases import failures

from cleaner.web.page import extract_html

CASES = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_page_gives_its_formula_and_keeps_its_text(case: dict) -> None:
    page = extract_html(case["html"], case.get("url"))
    assert page.error is None
    assert failures(case, page.text) == [], page.text


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 80


@pytest.mark.corpora
def test_all_hard_cases_of_the_reference_pass(corpora: Path) -> None:
    reference = corpora.parent / "reference"
    spec = importlib.util.spec_from_file_location("math_norm", reference / "math_norm.py")
    assert spec is not None
    assert spec.loader is not None
    comparison = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(comparison)
    cases = (reference / "math_cases.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = {}
    for case in map(json.loads, cases):
        found = comparison.check(case, extract_html(case["html"], case.get("url")).text)
        if found and case.get("soft"):
            print(f"soft case {case['name']}: {found}")
        elif found:
            wrong[case["name"]] = found
    assert wrong == {}
