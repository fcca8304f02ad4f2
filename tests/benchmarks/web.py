r"""Extraction side by side with resiliparse, trafilatura, readability-lxml and jusText.

    PYTHONPATH=.:tests python tests/benchmarks/web.py ../shared/corpora/open [--folds folds.json]

Quality is the token F1 of each page's text against `extraction_gold.parquet` (a token is a word,
or a Han, kana or Hangul character), and the word F1 of the open part of WCXB (a word is a run of
`\w`; a page without text scores 1 for no text), averaged over pages, with the interval of 95 % of
1,000 bootstraps. With the trees of `fit_judge.py --folds`, ours is scored out of fold. Speed is CPU
time of one core, in one run, on the pages of `raw_html.parquet`, imports and the first compilation
apart. Peers run with their own defaults for the main text without comments.
"""

import argparse
import json
import logging
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import justext
import lxml.html
import numpy as np
import polars as pl
import trafilatura
from benchmarks.fit_judge import fold_of
from readability import Document
from readability.readability import Unparseable
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from cleaner.stages.extract import Extract
from cleaner.web import judge
from cleaner.web.decode import Binary, Undecodable, decode
from cleaner.web.page import extract_html
from cleaner.web.prefilter import may_hold_mathematics

TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
MB = 1e6


def ours(page: str) -> str:
    """Return what `cleaner.extract_html` gives."""
    return extract_html(page).text


class OutOfFold:
    """Reads every page by trees that were fitted without the pages of its domain."""

    def __init__(self, folds: Path | None) -> None:
        self.folds = [judge.read(one) for one in json.loads(folds.read_text())] if folds else []

    def __call__(self, page: str | bytes, url: str | None) -> str:
        """Return the text of a page."""
        if not self.folds:
            return extract_html(page, url).text
        shipped, judge.trees = judge.trees, lambda: self.folds[fold_of(url or "")]  # type: ignore[assignment]
        try:
            return extract_html(page, url).text
        finally:
            judge.trees = shipped


def resiliparse(page: str) -> str:
    """Return resiliparse's main content."""
    return extract_plain_text(page, main_content=True)


def detected(page: bytes) -> str:
    """Return the text of a page as resiliparse decodes it."""
    return bytes_to_str(page, detect_encoding(page, from_html_meta=True))


def with_trafilatura(page: str) -> str:
    """Return trafilatura's main text."""
    return trafilatura.extract(page, include_comments=False) or ""


def readability(page: str) -> str:
    """Return the text of readability's summary; it refuses some pages."""
    try:
        return lxml.html.fromstring(Document(page).summary()).text_content()
    except (Unparseable, lxml.etree.LxmlError):
        return ""


def with_justext(page: str) -> str:
    """Return jusText's paragraphs; it refuses some pages."""
    words = justext.get_stoplist("English")
    try:
        paragraphs = justext.justext(page.encode(), words, encoding="utf-8")
    except (ValueError, lxml.etree.LxmlError):
        return ""
    return "\n".join(one.text for one in paragraphs if not one.is_boilerplate)


TOOLS: dict[str, Callable[[str], str]] = {
    "cleaner": ours,
    "resiliparse": resiliparse,
    "trafilatura": with_trafilatura,
    "readability": readability,
    "justext": with_justext,
}


def token_scores(text: str, gold: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the tokens of a text.

    >>> token_scores("a b c", "a b d e")[2]
    0.5714285714285714
    """
    found, wanted = (Counter(TOKEN.findall(one.lower())) for one in (text, gold))
    both = (found & wanted).total()
    if not both:
        same = float(found.total() == wanted.total())
        return same, same, same
    precision, recall = both / found.total(), both / wanted.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


WORD = re.compile(r"\w+")


def word_scores(text: str, gold: str) -> tuple[float, float, float]:
    """Return precision, recall and F1 of the words of a text, as WCXB counts them.

    >>> word_scores("", ""), word_scores("a", ""), word_scores("A b", "a c")
    ((1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.5, 0.5, 0.5))
    """
    found, wanted = (Counter(WORD.findall(one.lower())) for one in (text, gold))
    if not wanted:
        return (0.0,) * 3 if found else (1.0,) * 3
    both = (found & wanted).total()
    if not both:
        return 0.0, 0.0, 0.0
    precision, recall = both / found.total(), both / wanted.total()
    return precision, recall, 2 * precision * recall / (precision + recall)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Return the middle 95 % of 1,000 bootstrapped means."""
    draws = np.random.default_rng(0).integers(0, len(values), (1_000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


Row = tuple[str, str, float, float, float, bool]  # tool, part, precision, recall, F1, no text


def told(rows: list[Row]) -> None:
    """Print the scores per part and tool, and how far ours is from trafilatura."""
    frame = pl.DataFrame(rows, ["tool", "part", "precision", "recall", "f1", "empty"], orient="row")
    everything = frame.with_columns(part=pl.lit("all"))
    for (part,), of in sorted(
        pl.concat([everything, frame]).partition_by("part", as_dict=True).items()
    ):
        first = of.filter(tool="cleaner")
        print(f"\n{part} ({first.height} pages): precision, recall, F1, its interval, without text")
        for tool in TOOLS:
            mine = of.filter(tool=tool)
            low, high = interval(mine["f1"].to_numpy())
            means = mine.select(pl.col("precision", "recall", "f1").mean()).row(0)
            print(
                f"  {tool:12} {means[0]:.4f} {means[1]:.4f} {means[2]:.4f}"
                f"  {low:.3f} to {high:.3f}  {mine['empty'].sum()}"
            )
        if "trafilatura" in TOOLS:
            ahead = first["f1"].to_numpy() - of.filter(tool="trafilatura")["f1"].to_numpy()
            low, high = interval(ahead)
            print(f"  ahead of trafilatura by {ahead.mean():+.4f}, {low:+.3f} to {high:+.3f}")


def scored(
    pages: pl.DataFrame,
    read: OutOfFold,
    score: Callable[[str, str], tuple[float, float, float]],
) -> list[Row]:
    """Return the scores of every tool on pages with `html`, `url`, `gold` and `part`."""
    rows: list[Row] = []
    for html, url, gold, part in pages.select("html", "url", "gold", "part").iter_rows():
        text = html if isinstance(html, str) else detected(html)
        for name, tool in TOOLS.items():
            found = read(html, url) if name == "cleaner" else tool(text)
            rows.append((name, part, *score(found, gold), not found.strip()))
    return rows


def quality(corpora: Path, read: OutOfFold) -> None:
    """Print the scores on `extraction_gold`, per source."""
    pages = pl.read_parquet(corpora / "extraction_gold.parquet").join(
        pl.read_parquet(corpora / "raw_html.parquet", columns=["url", "html", "gold_lang"]),
        on="url",
        maintain_order="left",
    )
    pages = pages.with_columns(
        pl.coalesce("page_url", "url").alias("url"), gold="gold_text", part="source"
    )
    print("\n== extraction_gold: tokens")
    told(scored(pages, read, token_scores))
    print("\n== extraction_gold, Chinese rows: tokens")
    told(scored(pages.filter(gold_lang="zh"), read, token_scores))


def wcxb(corpora: Path, read: OutOfFold) -> None:
    """Print the scores on the open part of WCXB, per type of page."""
    pages = pl.read_parquet(corpora.parent / "wcxb" / "open.parquet").with_columns(
        pl.col("gold").fill_null(""), part="page_type"
    )
    print("\n== WCXB, open part: words")
    told(scored(pages, read, word_scores))


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the CPU seconds of the best of several runs."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def speed(corpora: Path, pages: int) -> None:
    """Print the speed of the prefilter and of extraction, ours and the peers'."""
    frame = pl.read_parquet(corpora / "raw_html.parquet", columns=["html"]).cast(pl.Binary)
    size = int(frame["html"].bin.size().sum()) / MB
    print(f"\nprefilter: {size / seconds(lambda: may_hold_mathematics(frame['html'])):,.0f} MB/s")
    sample = frame.sample(pages, seed=1) if pages else frame
    texts = [page.decode() for page in sample["html"]]
    size = int(sample["html"].bin.size().sum()) / MB
    Extract()(sample[:1])
    times = {
        name: seconds(lambda tool=tool: [tool(text) for text in texts], 3 if at < 2 else 1)
        for at, (name, tool) in enumerate(TOOLS.items())
    }
    raw = sample["html"].to_list()
    times["resiliparse, raw"] = seconds(lambda: [resiliparse(detected(page)) for page in raw])
    times["cleaner, raw"] = seconds(lambda: Extract()(sample))
    times["cleaner, no math"] = seconds(lambda: Extract(math=False)(sample))
    print(f"extraction of {len(texts)} pages, {size:.0f} MB: seconds, MB/s, times ours")
    for name, spent in times.items():
        print(f"  {name:16} {spent:7.2f} {size / spent:7.1f} {spent / times['cleaner']:6.2f}")


def decoding(corpora: Path) -> None:
    """Print the share of pages in legacy encodings that decode to their gold text."""

    def same(raw: bytes, gold: str) -> bool:
        try:
            return decode(raw).text.split() == gold.replace("\ufeff", "").split()
        except (Binary, Undecodable):
            return False

    rows = pl.read_parquet(corpora / "dirty_inputs.parquet").filter(
        pl.col("kind").is_in(["charset_page", "transcoded_page"]), pl.col("gold_text").is_not_null()
    )
    for (kind,), part in sorted(rows.partition_by("kind", as_dict=True).items()):
        right = [same(*row) for row in part.select("content", "gold_text").rows()]
        print(f"{kind}: {sum(right)} of {len(right)} equal their gold text")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--folds", type=Path, help="of fit_judge.py: score ours out of fold")
    parser.add_argument("--only", help="decoding, quality, wcxb or speed")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    parser.add_argument(
        "--pages", type=int, default=400, help="for the speed of all; 0: every page"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if options.alone:
        for peer in [name for name in TOOLS if name != "cleaner"]:
            del TOOLS[peer]
    read = OutOfFold(options.folds)
    parts: dict[str, Callable[[], None]] = {
        "decoding": lambda: decoding(options.corpora),
        "quality": lambda: quality(options.corpora, read),
        "wcxb": lambda: wcxb(options.corpora, read),
        "speed": lambda: speed(options.corpora, options.pages),
    }
    for name, part in parts.items():
        if options.only in (None, name):
            part()


if __name__ == "__main__":
    main()
