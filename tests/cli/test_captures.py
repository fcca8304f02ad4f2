"""What a reader sees on a terminal of 80x24 and of 60x20, held as files in `captures`.

After a wanted change: CAPTURE=1 pytest tests/cli/test_captures.py writes them again; look at them.
"""

import io
import os
import re
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest
from support.commands import command
from support.few_texts import PLAIN
from support.runs import run as ran

from cleaner.cli.tables import width_of
from cleaner.results.finished import Run

HERE = Path(__file__).parent / "captures"
SIZES = [(80, 24), (60, 20)]
CHINESE = "今天我们在公园里散步,看见许多花开了。孩子们在草地上跑来跑去,老人坐在长椅上聊天。"
AGAIN = "The same line of this page stands here again and again."
ASKED = {
    "stats": ("stats",),
    "sample": ("sample", "--each", "-n", "1"),
    "explain": ("explain", "重复的网页"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Texts in two languages, of sources and with names in both."""
    folder = tmp_path_factory.mktemp("captures")
    rules = "{name: enough, keep: words >= 20}, {name: no_copies, keep: dup_line_ratio <= 0.2}"
    (folder / "mine.yaml").write_text(
        f"{{title: Mine, source: {{cite: ours}}, rules: [{rules}]}}", encoding="utf-8"
    )
    texts = [f"{PLAIN} Number {n}." for n in range(20)] + [f"{CHINESE}第{n}页。" for n in range(10)]
    texts += ["two words", "短文", f"{CHINESE}\n{AGAIN}\n{AGAIN}\n{AGAIN}"]
    ids = [*(f"page-{n}" for n in range(len(texts) - 1)), "重复的网页"]
    sources = ["news.example.org", "新闻网站与百科全书"]
    frame = {"text": texts, "id": ids, "source": [sources["天" in text] for text in texts]}
    pl.DataFrame(frame).write_parquet(folder / "in.parquet")
    entry = {
        "paths": str(folder / "in.parquet"), "text": "text", "id": "id",
        "source": {"column": "source"},
    }  # fmt: skip
    stages = [{"language": {"keep": ["en", "zh"]}}, {"filter": str(folder / "mine.yaml")}]
    return ran(folder, "run", stages, entry)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", ASKED)
def test_the_screen_is_as_captured(
    run: Run, name: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_: os.terminal_size(size))
    monkeypatch.setenv("NO_COLOR", "1")
    paged: list[str] = []
    monkeypatch.setattr("click.echo_via_pager", lambda text, **_: paged.append(text))
    screen = _Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    first, *more = ASKED[name]
    assert command(monkeypatch, first, run.path, *more) == 0
    shown = "".join(paged) or screen.getvalue()
    lines = re.sub(r"^time .*?\n\n", "", shown, flags=re.M | re.S).splitlines()
    assert max(map(width_of, lines)) <= size[0]
    assert bool(paged) == (name == "sample" and len(lines) >= size[1])
    path = HERE / f"{name}-{size[0]}x{size[1]}.txt"
    if os.environ.get("CAPTURE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == path.read_text(encoding="utf-8").splitlines()
