"""The dataset card of a run: README.md with the header that the Hugging Face hub reads.

It says nothing that the manifest and the statistics do not say, and no word of any document. It is
written once the shards are whole; whoever owns the run may write on in it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import yaml

from cleaner.config.display import share_text, size_text, visible
from cleaner.job.job_file import Job
from cleaner.shards import FORMATS

_MOST = 20  # sources, languages, licences and shards that are listed
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (10**6, "100K<n<1M"),
          (10**7, "1M<n<10M"), (10**8, "10M<n<100M"), (10**9, "100M<n<1B"),
          (10**10, "1B<n<10B"), (10**11, "10B<n<100B"), (10**12, "100B<n<1T"))  # fmt: skip
# As the hub spells licences; another is `other` there.
_LICENCES = frozenset({
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-3.0", "cc-by-4.0",
    "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nc-sa-4.0", "cc-by-nc-nd-4.0",
    "cc-by-nd-4.0", "odc-by", "odbl", "pddl", "gpl-2.0", "gpl-3.0", "lgpl-3.0", "mpl-2.0",
    "unlicense", "gfdl",
})  # fmt: skip
_LOADING = {
    "parquet": """```python
from datasets import load_dataset
data = load_dataset("PATH_OF_THIS_FOLDER", split="train", streaming=True)
```
or `pyarrow.dataset.dataset("shards")`, `polars.scan_parquet("shards/*.parquet")`.""",
    "jsonl.zst": """```python
from datasets import load_dataset
data = load_dataset("json", data_files="shards/*.jsonl.zst", split="train", streaming=True)
```""",
    "megatron": "Megatron-Core, NeMo and Yuan: `--data-path` takes each shard without its suffix, "
    "as in `shards/{first}`. From an object store: without memory mapping.",
    "yuan_text": "`tools/preprocess_data_yuan.py --input shards --data-idx '0-{count}'`. Texts "
    "hold U+200B where Yuan's script or tokenizer would have taken them for something else.",
    "olmo": "OLMo-core: a numpy dataset over `shards/*.npy` with the dtype {kind}; the files have "
    "no NumPy header. `numpy.memmap(path, dtype='{kind}')` reads them.",
    "torchtitan": "torchtitan: a memory-mapped source with `tokens_path` and "
    "`document_offsets_path` for each shard, as in `shards/{first}.tokens.bin`.",
}


def card(
    manifest: Mapping[str, Any],
    stats: Mapping[str, Any] | None = None,
    job: Job | None = None,
) -> str:
    """Return the card of a finished run, or of what was made of runs."""
    parts = [_what(manifest)]
    if stats is not None:
        parts += [_groups(stats), _licences(manifest), _funnel(stats)]
    if job is not None and stats is not None:
        parts += [_filters(job), _duplicates(job, stats), _changes(job, stats)]
        parts.append(_written(manifest, stats))
    parts += [
        _beside(manifest),
        _mixture(manifest),
        _formats(manifest),
        _loading(manifest),
        _checksums(manifest),
    ]
    body = "\n\n".join(part for part in parts if part)
    return f"---\n{_header(manifest, stats)}---\n\n{body}\n"


def _header(manifest: Mapping[str, Any], stats: Mapping[str, Any] | None) -> str:
    rows = manifest["rows"]["kept"]
    said: dict[str, Any] = {"pretty_name": manifest["job"]}
    if languages := _languages(stats):
        said["language"] = languages
    said |= _licence(manifest.get("licences", {}))
    said["task_categories"] = ["text-generation"]
    said["size_categories"] = [next((name for most, name in _SIZES if rows < most), "n>1T")]
    form = manifest["shards"]["format"]
    if FORMATS[form].columns is None:
        suffix = FORMATS[form].suffix
        folders = list(dict.fromkeys(one["path"].split("/")[0] for one in manifest["outputs"]))
        splits = {"shards": "train", "held_out": "validation"}
        files = [{"split": splits[f], "path": f"{f}/*.{suffix}"} for f in folders if f in splits]
        said["configs"] = [{"config_name": "default", "data_files": files}]
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True)


def _languages(stats: Mapping[str, Any] | None) -> list[str]:
    """Return the codes of the languages that were kept, the most frequent first."""
    counts = {} if stats is None else stats["languages"]
    kept = {name: row["kept"] for name, row in counts.items() if row["kept"]}
    codes = [name for name in kept if re.fullmatch("[a-z]{2,3}", name) and name != "und"]
    return sorted(codes, key=lambda name: (-kept[name], name))


def _licence(counts: Mapping[str, int]) -> dict[str, Any]:
    found = sorted({name.lower() for name in counts if name})
    if found and len(found) <= _MOST and set(found) <= _LICENCES and "" not in counts:
        return {"license": found[0] if len(found) == 1 else found}
    return {"license": "other", "license_name": "see-below", "license_link": "README.md"}


def _what(manifest: Mapping[str, Any]) -> str:
    outputs, tokenizer = manifest["outputs"], manifest["shards"]["tokenizer"]
    words = sum(one["words"] for one in outputs)
    told = f"{manifest['rows']['kept']:,} documents, {words:,} words"
    if tokenizer is not None:
        tokens = sum(one["tokens"] for one in outputs)
        told += f", {tokens:,} tokens by `{_cell(tokenizer['path'].rsplit('/', 1)[-1])}`"
        told += f" (SHA-256 `{tokenizer['sha256'][:16]}…`"
        told += (
            f", each document ends with `{tokenizer['end_token']}`)" if _tokens(manifest) else ")"
        )
    text = sum(one["text_bytes"] for one in outputs)
    told += f"; {size_text(text)} of text in {len(outputs)} shards, {manifest['shards']['format']}."
    if of := manifest.get("of"):
        runs = ", ".join(map(_code, of["runs"]))
        told += f" Made by `cleaner {of['command']}` of {runs}, whose cards say what was judged."
    return f"# {_cell(manifest['job'])}\n\n{told}"


def _tokens(manifest: Mapping[str, Any]) -> bool:
    return not FORMATS[manifest["shards"]["format"]].holds_text


def _groups(stats: Mapping[str, Any]) -> str:
    tables = []
    for heading, key in (("Languages", "languages"), ("Sources", "sources")):
        kept = {name: row for name, row in stats[key].items() if row["kept"]}
        order = sorted(kept, key=lambda name: (-kept[name]["kept"], name))
        rows = [
            (name or "(none)", f"{kept[name]['kept']:,}", f"{kept[name]['kept_words']:,}")
            for name in order
        ]
        tables.append(f"## {heading}\n\n{_table(('', 'documents', 'words'), rows)}")
    return "\n\n".join(tables)


def _licences(manifest: Mapping[str, Any]) -> str:
    counts = manifest.get("licences", {})
    if not any(counts):
        return "## Licences\n\nThe job carried no licences: each document's source decides."
    order = sorted(counts, key=lambda name: (-counts[name], name))
    rows = [(name or "(none said)", f"{counts[name]:,}") for name in order]
    return f"## Licences\n\nAs the input says them.\n\n{_table(('licence', 'documents'), rows)}"


def _funnel(stats: Mapping[str, Any]) -> str:
    rows = [
        (
            one["stage"],
            f"{one['in']:,}",
            f"{one['dropped']:,}",
            f"{one['failed']:,}",
            f"{one['kept']:,}",
            share_text(one["kept"], one["in"]),
        )
        for one in stats["stages"]
    ]
    return "## What was kept\n\n" + _table(
        ("stage", "in", "dropped", "failed", "kept", "share"), rows, most=len(rows)
    )


def _filters(job: Job) -> str:
    rows = []
    for entry in job.stages:
        rules = entry.stage.rule_set()
        if rules is None:
            continue
        cited = "; ".join(
            f"[{_cell(one.cite)}]({one.url})" if one.url else _cell(one.cite)
            for one in rules.source
        )
        where = entry.stage.condition() or "all"
        rows.append((entry.title, f"{rules.version}", f"`{where}`", _Plain(cited)))
    if not rows:
        return ""
    head = ("stage", "version of the file", "judges", "source")
    return "## Filters\n\n" + _table(head, rows, most=len(rows))


def _duplicates(job: Job, stats: Mapping[str, Any]) -> str:
    counts = {one["stage"]: one for one in stats["stages"]}
    rows = []
    for entry in job.stages:
        across = entry.stage.global_stage()
        if across is None:
            continue
        one = counts[entry.title]
        reasons = ", ".join(f"{name} {count:,}" for name, count in one["reasons"].items())
        rows.append((entry.title, f"{one['in']:,}", f"{one['dropped']:,}", reasons or "none"))
    if not rows:
        return ""
    return "## Duplicates and other stages that see all documents\n\n" + _table(
        ("stage", "in", "dropped", "reasons"), rows, most=len(rows)
    )


def _changes(job: Job, stats: Mapping[str, Any]) -> str:
    """Return what was cut of texts, and what was masked in them."""
    told = []
    for entry in job.stages:
        options = entry.stage.plain()
        if options.get("personal_data") == "mask":
            told.append(
                f"- `{entry.title}` masked personal data: e-mail and public IP addresses, "
                "telephone, identity and card numbers."
            )
    for one in stats["stages"]:
        if one["shortened"]:
            told.append(
                f"- `{_cell(one['stage'])}` cut {one['cut_characters']:,} characters from "
                f"{one['shortened']:,} documents."
            )
    if not told:
        return "## Changes to texts\n\nNothing was masked in the texts, and nothing cut from them."
    return "## Changes to texts\n\n" + "\n".join(told)


def _written(manifest: Mapping[str, Any], stats: Mapping[str, Any]) -> str:
    """Return which texts a large model wrote, which one, asked what."""
    counts = {one["stage"]: one for one in stats["stages"]}
    told = []
    for said in manifest["stages"]:
        if "prompts" not in said:
            continue
        one, answers = counts[said["stage"]], said["answers"]
        prompts = ", ".join(
            f"`{prompt['name']}` (SHA-256 `{prompt['sha256'][:16]}…`)"
            for prompt in said["prompts"].values()
        )
        settings = ", ".join(f"{name} {value}" for name, value in said["settings"].items())
        none = ", ".join(f"{name} {count:,}" for name, count in one.get("tagged", {}).items())
        place = (
            "The column `rewritten` names the prompt of each text that it replaced, "
            "`original_sha256` is of the text before"
            if said["column"] == "text"
            else f"What it wrote is the column `{said['column']}`, beside the texts"
        )
        told.append(
            f"- `{_cell(said['stage'])}`: the model `{_cell(said['model'])}`, asked by {prompts} "
            f"about {one['in']:,} documents at most, with {settings}, {answers['from']} to "
            f"{answers['to']}; answers: SHA-256 `{answers['sha256'][:16]}…`. {place}. Documents "
            f"without an answer that stands: {none or 'none'}."
        )
    return "" if not told else "## Written by a large model\n\n" + "\n".join(told)


def _mixture(manifest: Mapping[str, Any]) -> str:
    mixture = manifest.get("of", {}).get("mixture")
    if not mixture:
        return ""
    unit = "words" if "words" in mixture[0] else "tokens"
    rows = [
        (one["part"], one["run"], f"{one['documents']:,}", f"{one['rows']:,}", f"{one[unit]:,}",
         f"{one['share']:.2%}") for one in mixture
    ]  # fmt: skip
    head = ("part", "run", "documents", "with repeats", unit, "share")
    return "## Mixture\n\n" + _table(head, rows, most=len(rows))


def _beside(manifest: Mapping[str, Any]) -> str:
    """Name what is there beside the shards to go on from, and what was taken from elsewhere."""
    told = [
        f"{_code('checkpoint/' + one['stage'])}: {one['rows']:,} documents as they came to it."
        for one in manifest.get("checkpoints", [])
    ]
    if reused := manifest.get("reused"):
        runs = ", ".join(map(_code, reused))
        told.append(f"Results that were the same were taken from {runs}.")
    return " ".join(told)


def _formats(manifest: Mapping[str, Any]) -> str:
    sums: dict[str, int] = {}
    for one in manifest["outputs"]:
        for name, count in one.get("changed", {}).items():
            sums[name] = sums.get(name, 0) + count
    if not sums:
        return ""
    rest = ", ".join(f"{n.replace('_', ' ')} {c:,}" for n, c in sums.items() if n != "documents")
    return f"The format made {sums['documents']:,} documents be escaped: {rest}."


def _loading(manifest: Mapping[str, Any]) -> str:
    form, outputs = manifest["shards"]["format"], manifest["outputs"]
    suffix = FORMATS[form].suffix
    first = outputs[0]["path"].rsplit("/", 1)[-1].removesuffix(f".{suffix}")
    kind = (
        "uint16"
        if (manifest["shards"]["tokenizer"] or {}).get("vocabulary", 0) <= 1 << 16
        else "uint32"
    )
    told = _LOADING.get(form, f"`cleaner.open_run(PATH).kept()` reads them ({suffix}).")
    for name, value in (("first", first), ("count", str(len(outputs))), ("kind", kind)):
        told = told.replace(f"{{{name}}}", value)
    return f"## How to load\n\n{told}"


def _checksums(manifest: Mapping[str, Any]) -> str:
    rows = [
        (one["path"], f"{one['rows']:,}" if "rows" in one else "", f"`{one['sha256']}`")
        for output in manifest["outputs"]
        for one in (output, *output.get("beside", ()))
    ]
    return "## Files\n\n" + _table(("file", "documents", "SHA-256"), rows, more="manifest.json")


class _Plain(str):
    """A cell that is Markdown already."""


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], most: int = _MOST, more: str = "stats.json"
) -> str:
    """Return a table of Markdown; of many rows the first, and where the rest stands."""
    listed = list(rows)
    lines = [head, ["---"] * len(head), *listed[:most]]
    text = "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)
    left = len(listed) - most
    return text if left <= 0 else f"{text}\n\n… and {left:,} more in `{more}`."


def _code(value: str) -> str:
    """Return a path as it stands, marked as code; backslashes would show there."""
    ticks = "``" if "`" in value else "`"
    return f"{ticks}{visible(value)}{ticks}"


def _cell(value: str) -> str:
    """Return a label of a corpus as text of Markdown that is nothing but text."""
    if isinstance(value, _Plain):
        return value
    text = visible(value).replace("\n", " ").replace("\t", " ")[:200]
    return re.sub(r"([|<>\[\]*_])", r"\\\1", text) if "`" not in text else text.replace("|", "\\|")
