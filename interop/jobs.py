"""What the checks of jobs share: data, the command, and the comparison of outputs byte by byte."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
MAIN = str(ROOT / "dist" / "cli" / "main.js")
NODE = os.environ.get("NODE", "node")


def data(folder: Path, files: int, rows: int, seed: int = 1) -> list[str]:
    """Log-normal lengths (median 40, sigma 0.8, at most 512) of random ids below 50,257."""
    folder.mkdir(parents=True)
    for file in range(files):
        random = np.random.default_rng(1000 * seed + file)
        lengths = np.clip(np.rint(40 * np.exp(0.8 * random.standard_normal(rows))), 1, 512).astype(np.int32)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        ids = random.integers(0, 50_257, offsets[-1], dtype=np.int32)
        column = pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids))
        pq.write_table(pa.table({"input_ids": column}), folder / f"part-{file:05d}.parquet", row_group_size=rows // 2)
    return sorted(str(path) for path in folder.glob("*.parquet"))


def stowage(*arguments: object, **more: object) -> str:
    """The command, to its end; its words are the error's."""
    given = [NODE, MAIN, *map(str, arguments)]
    run = subprocess.run(given, capture_output=True, text=True, check=False, **more)
    if run.returncode:
        raise RuntimeError(f"{' '.join(given[2:6])} … ended with {run.returncode}: {run.stderr.strip()}")
    return run.stdout


def digests(folder: str | Path) -> dict[str, str]:
    """Digest of each file; what tells of partitions left out."""
    paths = (path for path in Path(folder).rglob("*") if path.is_file() and path.name != "_stowage.job.json")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def same(name: str, found: dict[str, str], wanted: dict[str, str]) -> None:
    """Raises unless both are the same files."""
    different = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
    if different:
        raise AssertionError(f"{name}: {len(different)} of {len(wanted)} files differ: {different[:4]}")
    print(f"{name}: {len(found)} files, 0 differ", flush=True)


def document(*path: object) -> dict:
    return json.loads(Path(*map(str, path)).read_text())
