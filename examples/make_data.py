#!/usr/bin/env python3
"""Makes data/python-docs.jsonl: the documentation inside Python's own standard library, as token ids.

    python3.11 examples/make_data.py [--output examples/data]

One document is one docstring of a top-level standard library module, class or function, or one
topic of `help()` (pydoc_data.topics: chapters of the language reference). Equal texts are kept
once. The tokeniser is a byte-pair encoding learned here, from these texts. Nothing is downloaded
and nothing is random: the same Python version gives the same bytes. Needs Python 3.9 or newer and
only its standard library; takes under a minute.
"""
import argparse
import ast
import json
import re
import sysconfig
import warnings
from collections import Counter, defaultdict
from pathlib import Path
from pydoc_data.topics import topics

VOCABULARY_SIZE = 4096
END_OF_TEXT = 256  # ids below are bytes, ids above are merges in the order of learning

# Merges never cross these borders: a word with the space before it, a run of signs, a run of space.
WORD = re.compile(r" ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+")


def documents():
    """(name, text) of every document, in the order of files and of places in them, then topics."""
    warnings.simplefilter("ignore")  # some sources hold escapes that newer Pythons complain about
    seen = set()
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.get_docstring(node) if isinstance(node, kinds) else None
            if text and text not in seen:
                seen.add(text)
                name = getattr(node, "name", "")
                yield f"{path.stem}.{name}" if name else path.stem, text
    for name, text in sorted(topics.items()):
        yield f"help:{name}", text


def learn(texts):
    """The merges of a byte-pair encoding (Sennrich et al., arXiv 1508.07909) over `texts`.

    The commonest pair is merged first; among equals the pair with the lower ids.
    """
    counts = Counter(word for text in texts for word in WORD.findall(text))
    words = [list(word.encode()) for word in counts]
    weights = list(counts.values())
    pairs, where = Counter(), defaultdict(set)
    for index, word in enumerate(words):
        for pair in zip(word, word[1:]):
            pairs[pair] += weights[index]
            where[pair].add(index)
    merges = []
    while len(merges) < VOCABULARY_SIZE - END_OF_TEXT - 1:
        best = max(pairs, key=lambda pair: (pairs[pair], -pair[0], -pair[1]))
        if pairs[best] < 2:
            break
        merged = END_OF_TEXT + 1 + len(merges)
        merges.append(best)
        for index in sorted(where.pop(best)):
            word = words[index]
            for pair in zip(word, word[1:]):
                pairs[pair] -= weights[index]
            words[index] = word = merge(word, best, merged)
            for pair in zip(word, word[1:]):
                pairs[pair] += weights[index]
                where[pair].add(index)
        pairs = +pairs  # drops what fell to 0
    return merges


def merge(word, pair, merged):
    """`word` with every `pair`, from the left, replaced by `merged`."""
    result, index = [], 0
    while index < len(word):
        if tuple(word[index : index + 2]) == pair:
            result.append(merged)
            index += 2
        else:
            result.append(word[index])
            index += 1
    return result


def encoder(merges):
    """A function from text to token ids."""
    ranks = {pair: END_OF_TEXT + 1 + rank for rank, pair in enumerate(merges)}
    known = {}

    def encode_word(text):
        word = list(text.encode())
        while len(word) > 1:
            merged = min((ranks.get(pair, VOCABULARY_SIZE) for pair in zip(word, word[1:])))
            if merged == VOCABULARY_SIZE:
                break
            word = merge(word, merges[merged - END_OF_TEXT - 1], merged)
        return word

    def encode(text):
        ids = []
        for word in WORD.findall(text):
            if word not in known:
                known[word] = encode_word(word)
            ids += known[word]
        return ids

    return encode


def decode(ids, merges):
    """The text of `ids`: the proof that nothing was lost."""
    parts = [bytes([byte]) for byte in range(256)] + [b""]
    for left, right in merges:
        parts.append(parts[left] + parts[right])
    return b"".join(parts[token] for token in ids).decode()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--output", type=Path, default=Path(__file__).parent / "data")
    folder = arguments.parse_args().output
    found = list(documents())
    merges = learn([text for _, text in found])
    encode = encoder(merges)
    rows, tokens = [], 0
    for name, text in found:
        ids = encode(text)
        assert decode(ids, merges) == text, name
        tokens += len(ids)
        rows.append(json.dumps({"id": name, "input_ids": ids}, separators=(",", ":")))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "python-docs.jsonl").write_text("\n".join(rows) + "\n", encoding="ascii")
    vocabulary = {"bytes": 256, "endOfText": END_OF_TEXT, "merges": merges}
    text = json.dumps(vocabulary, separators=(",", ":"))
    (folder / "python-docs.vocabulary.json").write_text(text + "\n", encoding="ascii")
    print(f"{len(rows)} documents, {sum(len(t) for _, t in found)} characters, {tokens} tokens, {END_OF_TEXT + 1 + len(merges)} ids")


if __name__ == "__main__":
    main()
