"""What the peers do with the same documents; runs under an interpreter that has them, not ours.

`python dedup_peers.py datatrove|rensa|datasketch DOCS.jsonl OUT.json`: one line per document with
`id` and `text`; OUT holds the ids kept (datatrove) and CPU seconds per stage.
"""

import json
import os
import sys
import tempfile
import time


def cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def datatrove(docs: str) -> dict:
    from datatrove.executor.local import LocalPipelineExecutor
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.pipeline.readers import JsonlReader
    from datatrove.pipeline.writers import JsonlWriter
    from datatrove.utils.hashing import HashConfig

    config = MinhashConfig(
        hash_config=HashConfig(precision=64), num_buckets=14, hashes_per_bucket=8, n_grams=5
    )
    folder, name = os.path.split(os.path.abspath(docs))
    seconds = {}
    with tempfile.TemporaryDirectory() as work:
        reader = JsonlReader(folder, glob_pattern=name)
        stages = {
            "signature": [reader, MinhashDedupSignature(f"{work}/sig", config=config)],
            "buckets": [MinhashDedupBuckets(f"{work}/sig", f"{work}/buckets", config=config)],
            "cluster": [MinhashDedupCluster(f"{work}/buckets", f"{work}/remove", config=config)],
            "filter": [
                reader,
                MinhashDedupFilter(f"{work}/remove"),
                JsonlWriter(f"{work}/out", compression=None),
            ],
        }
        for stage, pipeline in stages.items():
            start = cpu()
            tasks = 14 if stage == "buckets" else 1
            LocalPipelineExecutor(
                pipeline, tasks=tasks, workers=1, logging_dir=f"{work}/log/{stage}"
            ).run()
            seconds[stage] = cpu() - start
        kept = []
        for path, _, files in os.walk(f"{work}/out"):
            for file in files:
                with open(os.path.join(path, file)) as lines:
                    kept += [json.loads(line)["id"] for line in lines]
    return {"seconds": seconds, "kept": kept}


def with_python_shingles(docs: str, sign) -> dict:
    with open(docs) as lines:
        texts = [json.loads(line)["text"] for line in lines]
    start = time.process_time()
    for text in texts:
        words = text.lower().split()
        sign([" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))])
    return {"seconds": {"signature": time.process_time() - start}}


def rensa(docs: str) -> dict:
    from rensa import RMinHash

    def sign(shingles: list) -> None:
        made = RMinHash(num_perm=112, seed=1)
        made.update(shingles)
        made.digest()

    return with_python_shingles(docs, sign)


def datasketch(docs: str) -> dict:
    from datasketch import MinHash

    def sign(shingles: list) -> None:
        MinHash(112).update_batch([shingle.encode() for shingle in set(shingles)])

    return with_python_shingles(docs, sign)


if __name__ == "__main__":
    tool, docs, out = sys.argv[1:]
    found = {"datatrove": datatrove, "rensa": rensa, "datasketch": datasketch}[tool](docs)
    with open(out, "w") as file:
        json.dump(found, file)
