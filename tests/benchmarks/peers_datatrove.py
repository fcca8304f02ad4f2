"""datatrove's four filters over a Parquet file; run by an interpreter that has datatrove.

`python peers_datatrove.py IN.parquet OUT.json`: the input has `text` and `words`, ours.
"""

import json
import sys
import time

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    fineweb_quality_filter,
    gopher_quality_filter,
    gopher_repetition_filter,
)
from datatrove.utils import text as texts

FILTERS = {
    "gopher_quality": GopherQualityFilter,
    "gopher_repetition": GopherRepetitionFilter,
    "c4_datatrove": C4QualityFilter,
    "fineweb_quality_datatrove": FineWebQualityFilter,
}


def verdict(made: object, text: str) -> str:
    """Return the reason for which a filter drops a text, or "" if it keeps it."""
    result = made.filter(Document(text=text, id=""))  # type: ignore[attr-defined]
    return result[1] if isinstance(result, tuple) else "" if result else "dropped"


def judge(
    text: list[str], early_exit: bool, only: str | None = None
) -> tuple[float, dict[str, list[str]]]:
    """Return CPU seconds and verdicts: every filter on every text, or none after the first drop."""
    filters = {name: kind() for name, kind in FILTERS.items() if only in (None, name)}
    texts.split_into_parts.cache_clear()
    for made in filters.values():
        verdict(made, "Warm up. The tokenizer is built at its first word, and not before that.")
    verdicts: dict[str, list[str]] = {name: [] for name in filters}
    start = time.process_time()
    for document in text:
        for name, made in filters.items():
            verdicts[name].append(verdict(made, document))
            if early_exit and verdicts[name][-1]:
                break
    return time.process_time() - start, verdicts


def main() -> None:
    table = pq.read_table(sys.argv[1])
    text = table["text"].to_pylist()
    # a filter does not pass on what it drops: for all verdicts each must run over all documents
    alone = sum(judge(text, early_exit=False, only=name)[0] for name in FILTERS)
    every, own = judge(text, early_exit=False)
    chain, _ = judge(text, early_exit=True)
    words = dict(zip(text, table["words"].to_pylist(), strict=True))

    def split(document: str, language: str | None = None) -> list[str]:
        return words.get(document, document.split())

    for module in (gopher_quality_filter, gopher_repetition_filter, fineweb_quality_filter):
        module.split_into_words = split
    _, ours = judge(text, early_exit=False)
    with open(sys.argv[2], "w") as out:
        json.dump({"alone": alone, "every": every, "chain": chain, "own": own, "ours": ours}, out)


if __name__ == "__main__":
    main()
