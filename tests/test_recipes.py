"""What `docs/` tells whoever adds a part, done as written."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.few_texts import ran

from cleaner.models.language import backends
from cleaner.signals.counts import table
from cleaner.stages.language import Language

ROOT = Path(__file__).parents[1]
GREEK = "Η γλώσσα των νόμων είναι άλλη από τη γλώσσα των βιβλίων, και κανείς δεν τη μαθαίνει."
ENGLISH = "The language of the law is not that of the books, and nobody learns it at home alone."


def snippet(page: str, begins: str) -> str:
    """Return the Python of a page that begins with a line."""
    text = (ROOT / "docs" / page).read_text()
    blocks = [dedent(one) for one in re.findall(r"^ *```python\n(.*?)^ *```", text, re.M | re.S)]
    (found,) = [one for one in blocks if one.startswith(begins)]
    return found


def module(folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    return importlib.import_module(name)


def test_a_language_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = snippet("adding_a_part.md", "# cleaner/models/language/by_letters.py")
    made = module(tmp_path, "by_letters", text, monkeypatch)
    packaged = backends.Packaged(made.ByLetters, lambda: made.FILE)
    monkeypatch.setitem(backends.PACKAGED, "by_letters", packaged)
    stage = Language(model="by_letters", keep=["el"]).resolve()
    assert stage.model == f"by_letters:{backends.identity('by_letters')[:16]}"
    assert stage.min_score == 0.5
    docs = stage(
        pl.DataFrame({"text": [GREEK, ENGLISH, "定理：若三角形的两边相等，则其两角相等。"]})
    )
    assert docs["lang"].to_list() == ["el", "en", "zh"]
    assert docs["broken"].to_list() == [[], ["language"], ["language"]]


def test_a_signal_from_counts_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = (
        "import polars as pl\nfrom cleaner.signals.counts import ratio\nSIGNALS, VALUES = {}, {}\n"
    )
    code = head + snippet("adding_a_part.md", 'SIGNALS["digit_ratio"]')
    family = module(tmp_path, "my_family", code, monkeypatch)
    assert {"digit_ratio": (pl.Float64, "digits per character")} == family.SIGNALS
    counts = {"digits": np.array([1]), "characters": np.array([4])}
    assert table(counts, family.SIGNALS, family.VALUES).rows() == [(0.25,)]


def test_a_signal_with_a_new_count(tmp_path: Path) -> None:
    """Three files of a copy of the package are changed, as the page says; no kernel is compiled."""
    shutil.copytree(ROOT / "cleaner", tmp_path / "cleaner", ignore=shutil.ignore_patterns("*.nb?"))
    changes = {
        "kernels/signals/columns.py": {
            '"replacement_lines",': '"replacement_lines", "questions",',
            "REPLACEMENT_LINES,": "REPLACEMENT_LINES, QUESTIONS,",
        },
        "kernels/signals/characters.py": {
            "            row[C.PARENS] += point == 0xFF08 or point == 0xFF09\n": (
                "            row[C.PARENS] += point == 0xFF08 or point == 0xFF09\n"
                "            row[C.QUESTIONS] += point == 0xFF1F\n"
            ),
            "        ascii_counts[byte] = 0\n": (
                "        ascii_counts[byte] = 0\n"
                "        if byte == 63:\n"
                "            row[C.QUESTIONS] += count\n"
            ),
        },
        "signals/characters.py": {
            "\n\ndef measure(": (
                '\nSIGNALS["question_marks"] = (pl.UInt32, "question marks")\n'
                'VALUES["question_marks"] = lambda c: c["questions"]\n\n\ndef measure('
            )
        },
    }
    for name, pairs in changes.items():
        path = tmp_path / "cleaner" / name
        text = path.read_text()
        for old, new in pairs.items():
            assert text.count(old) == 1, (name, old)
            text = text.replace(old, new)
        path.write_text(text)
    check = (
        "from cleaner.signals import measure\n"
        "texts = ['what? why？ 好', '']\n"
        "print(measure(texts, ['question_marks', 'han_ratio', 'words']).rows())"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    assert done.stdout.strip().startswith("[(2, ")
    assert done.stdout.strip().endswith("3), (0, 0.0, 0)]")


def test_a_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module(tmp_path, "my_stages", snippet("adding_a_stage.md", "# my_stages.py"), monkeypatch)
    run = ran(tmp_path, ["short", "long " * 3], {"shorter": {"limit": 10}}, plugins=["my_stages"])
    assert run.ledger().select("fate", "reason").rows() == [("kept", None), ("dropped", "too_long")]
