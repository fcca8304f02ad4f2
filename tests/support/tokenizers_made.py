"""Tokenizers that are trained on the spot."""

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers


def byte_bpe(
    path: Path,
    texts: Sequence[str],
    special: Sequence[str] = ("<|endoftext|>",),
    size: int = 600,
) -> str:
    """Train a BPE over bytes, write it, and return its path."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    made.save(str(path))
    return str(path)


def widened(path: str, target: Path, number: int) -> str:
    """Write a tokenizer with one token more, of a large number, and return its path."""
    said = json.loads(Path(path).read_text())
    token = {
        "id": number, "content": "<far>", "special": True, "normalized": False,
        "single_word": False, "lstrip": False, "rstrip": False,
    }  # fmt: skip
    said["added_tokens"].append(token)
    said["model"]["vocab"]["<far>"] = number
    target.write_text(json.dumps(said))
    return str(target)
