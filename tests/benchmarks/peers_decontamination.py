"""datatrove's n-gram decontamination; run by an interpreter that has datatrove, not by ours.

`python peers_decontamination.py IN.json OUT.json`: IN has `items`, pairs of question and answer,
and `texts`; OUT says by configuration which texts it drops, and in how many CPU seconds.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from datatrove.data import Document
from datatrove.pipeline.decont.n_grams import (
    NGramsDecontConfig,
    NGramsDecontFilter,
    NGramsDecontIndexer,
)
from datatrove.utils.hashing import HashConfig

SHA1 = HashConfig(hash_fc="sha1")  # newer releases of xxhash refuse the strings it gives them
CONFIGS = {
    "datatrove, as it comes": {},
    "datatrove, questions too": {"find_query_ngrams": True},
    "datatrove, questions too, 8-grams": {"find_query_ngrams": True, "n_grams": 8},
}


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text())
    NGramsDecontIndexer._requires_dependencies = []  # its own task list is not asked for
    out = {}
    for name, options in CONFIGS.items():
        config = NGramsDecontConfig(hash_config=SHA1, **options)
        with tempfile.TemporaryDirectory() as folder:
            indexer = NGramsDecontIndexer(folder, config=config)
            hashes = {
                value
                for question, answer in given["items"]
                for value in indexer.compute_hashes(answer, question)
            }
            array = np.array(sorted(hashes), dtype=config.hash_config.np_descr)
            array.tofile(Path(folder, "items.index.hashes"))
            judge = NGramsDecontFilter(folder, config=config)
            judge.load_index_hashes()
            start = time.process_time()
            flags = [
                judge.filter(Document(text=text, id="")) is not True for text in given["texts"]
            ]
            out[name] = {"flags": flags, "seconds": time.process_time() - start}
    Path(sys.argv[2]).write_text(json.dumps(out))


if __name__ == "__main__":
    main()
