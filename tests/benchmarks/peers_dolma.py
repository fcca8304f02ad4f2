"""dolma's Gopher and FasterC4 taggers over a Parquet file; run by an interpreter that has dolma.

`python peers_dolma.py IN.parquet OUT.json`
"""

import json
import sys
import time

import pyarrow.parquet as pq
from dolma.core.data_types import Document
from dolma.taggers.c4 import FasterC4Tagger
from dolma.taggers.gopher import GopherTagger


def main() -> None:
    text = pq.read_table(sys.argv[1])["text"].to_pylist()
    taggers = [GopherTagger(), FasterC4Tagger()]
    start = time.process_time()
    for document in text:
        for tagger in taggers:
            tagger.predict(Document(source="", id="", text=document))
    with open(sys.argv[2], "w") as out:
        json.dump({"every": time.process_time() - start}, out)


if __name__ == "__main__":
    main()
