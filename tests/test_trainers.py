"""The story "shards load in the trainer": from a corpus to each trainer's own reader."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.dataset as arrow_dataset
import pyarrow.parquet as pq
import pytest
from support.commands import command
from support.corpus_maker import job, texts, write_parquet
from support.tokenizers_made import byte_bpe
from support.trainer_readers import READERS, samples_of

from cleaner.api import run
from cleaner.shards import FORMATS

pytestmark = pytest.mark.stories


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a job over a corpus; return the folder that holds it all."""
    place = tmp_path_factory.mktemp("story")
    paths = [write_parquet(place / f"in/{seed}.parquet", 150, seed=seed) for seed in range(2)]
    shards = {"shard_bytes": "40kB", "shards": {"at_least": 8, "multiple_of": 8}}
    plain = job(paths, {"exact_dedup": {}}, {"near_dedup": {}}, output=shards)
    run(plain, str(place / "parquet"), engine="inline")
    byte_bpe(place / "tokenizer.json", texts(40))
    return place


def kept(story: Path) -> pl.DataFrame:
    return pl.read_parquet(story / "parquet/shards/*.parquet")


def parquet(story: Path, folder: Path) -> list[str]:
    """Read by pyarrow: one row group at a time, as a reader of many workers does."""
    files = sorted((folder / "shards").iterdir())
    assert len(files) % 8 == 0
    assert arrow_dataset.dataset(folder / "shards").count_rows() == len(kept(story))
    return [
        text
        for file in map(pq.ParquetFile, files)
        for group in range(file.num_row_groups)
        for text in file.read_row_group(group, ["text"])["text"].to_pylist()
    ]


def json_lines(story: Path, folder: Path) -> list[str]:
    import json

    import zstandard

    found = []
    for path in sorted((folder / "shards").iterdir()):
        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file) as plain:
            found += [json.loads(line)["text"] for line in plain.read().decode().split("\n")[:-1]]
    return found


def yuan(story: Path, folder: Path) -> list[str]:
    return [text for path in sorted((folder / "shards").iterdir()) for text in samples_of(path)]


def tokens(form: str) -> Any:
    """Return what reads a format of tokens and spells its documents."""

    def read(story: Path, folder: Path) -> list[str]:
        from tokenizers import Tokenizer

        library = Tokenizer.from_file(str(story / "tokenizer.json"))
        suffix = FORMATS[form].suffix
        stems = sorted(p.name[: -len(suffix) - 1] for p in (folder / "shards").glob(f"*.{suffix}"))
        reader = READERS[form] if form != "olmo" else olmo
        documents = [one for stem in stems for one in reader(folder / "shards", stem)]
        end = library.token_to_id("<|endoftext|>")
        assert all(one[-1] == end and end not in one[:-1] for one in documents)
        return [library.decode(one[:-1]) for one in documents]

    return read


def olmo(folder: Path, stem: str) -> list[list[int]]:
    """Map all numbers of a file and cut them where documents end, as OLMo-core does."""
    numbers = np.memmap(folder / f"{stem}.npy", dtype=np.uint16, mode="r")
    end = int(numbers[-1])
    ends = np.flatnonzero(numbers == end) + 1
    return [numbers[a:b].tolist() for a, b in zip([0, *ends[:-1]], ends, strict=True)]


LOADED = {
    "parquet": parquet,
    "jsonl.zst": json_lines,
    "yuan_text": yuan,
    **{form: tokens(form) for form in ("megatron", "olmo", "torchtitan")},
}


def exported(form: str, story: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the shards in a format, made by the command that a user types."""
    folder = story / form
    if not folder.exists():
        words = ["export", str(story / "parquet"), "--format", form, "--out", str(folder)]
        words += [] if FORMATS[form].holds_text else ["--tokenizer", str(story / "tokenizer.json")]
        assert command(monkeypatch, *words, "--engine", "inline") == 0
    return folder


@pytest.mark.parametrize("form", FORMATS)
def test_shards_load_in_the_trainer(
    form: str, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = exported(form, story, monkeypatch)
    assert LOADED[form](story, folder) == kept(story)["text"].to_list()
    assert command(monkeypatch, "verify", str(folder)) == 0


@pytest.mark.trainers
def test_datasets_gives_every_worker_documents(story: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    folder = str(story / "parquet")
    cache = str(tmp_path / "cache")
    whole = datasets.load_dataset(folder, split="train", cache_dir=cache)
    expected = kept(story)["text"].to_list()
    assert whole["text"] == expected
    assert set(whole.column_names) >= {"id", "text", "url", "source"}
    mapped = whole.shuffle(seed=1).map(lambda row: {"size": len(row["text"])}, num_proc=8)
    assert sorted(mapped["size"]) == sorted(map(len, expected))
    stream = datasets.load_dataset(folder, split="train", streaming=True).shuffle(seed=1)
    assert stream.num_shards >= 8
    workers = [
        [row["text"] for row in stream.shard(num_shards=8, index=worker)] for worker in range(8)
    ]
    assert min(map(len, workers)) > 0
    assert sorted(text for worker in workers for text in worker) == sorted(expected)
    sizes = sorted(len(one) for one in workers)
    assert sizes[-1] <= 1.5 * sizes[0]


@pytest.mark.trainers
def test_megatron_core_reads_its_format_by_itself(
    story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = pytest.importorskip("megatron.core.datasets.indexed_dataset")
    folder = exported("megatron", story, monkeypatch)
    for path in sorted((folder / "shards").glob("*.bin")):
        stem = str(path)[: -len(".bin")]
        dataset = module.IndexedDataset(stem, mmap=True)
        ours = READERS["megatron"](folder / "shards", path.name[: -len(".bin")])
        assert len(dataset) == len(ours)
        assert dataset.document_indices.tolist() == list(range(len(ours) + 1))
        assert [np.asarray(dataset[n]).tolist() for n in range(len(dataset))] == ours
        assert sys.byteorder == "little"
