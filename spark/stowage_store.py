"""Stores as stowage_spark.py uses them: Parquet in, files out, by pyarrow's file systems (S3, GCS, Azure, HDFS).

Output is never listed and never renamed in an object store: names and sizes of all files are known. An upload
is one call of `write` of a file that is complete on this machine. A stream whose write has failed can't be
completed by closing it, and there is no other line between the first byte and the last that could fail.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyarrow import parquet as pq

TRAPS = {"labels", "loss_mask", "completion_mask", "assistant_masks", "attention_mask"}  # errors unless named
ATOMIC = ("s3", "gcs", "abfs")  # stores where a file appears when its upload is completed; elsewhere it is renamed


@dataclass(frozen=True)
class Store:
    """Addresses with a scheme; `filesystem` in place of what the scheme would give."""

    filesystem: fs.FileSystem | None = None

    def at(self, uri: str) -> tuple[fs.FileSystem, str]:
        """The file system of an address, and the path in it."""
        return (self.filesystem, uri.split("://", 1)[1]) if self.filesystem else fs.FileSystem.from_uri(uri)

    def size(self, uri: str) -> int:
        """Bytes of a file that must be there: one request."""
        filesystem, path = self.at(uri)
        with filesystem.open_input_file(path) as file:
            return int(file.size())

    def content(self, uri: str) -> bytes | None:
        """A small file, or None if there is none; a store that lets nobody list says 403 of what isn't there."""
        filesystem, path = self.at(uri)
        try:
            with filesystem.open_input_file(path) as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            if "403" in str(error) or "ACCESS_DENIED" in str(error):
                return None
            raise

    def upload(self, path: Path, uri: str) -> None:
        """A complete file of this machine, under its final name or not at all."""
        filesystem, final = self.at(uri)
        goal = final if filesystem.type_name in ATOMIC else f"{final}.{os.getpid()}.tmp"
        if goal != final:
            filesystem.create_dir(os.path.dirname(final), recursive=True)
        with pa.memory_map(str(path)) as source:
            out = filesystem.open_output_stream(goal)
            out.write(source.read_buffer())
            out.close()
        if goal != final:
            filesystem.move(goal, final)

    def rows(self, job: dict[str, Any], inputs: list[dict[str, Any]]) -> Iterator[pa.RecordBatch]:
        """Rows of inputs of job.json: the columns that are named, and those that must be named if they are there."""
        columns, size = job["dataset"]["columns"], batch_size(job["pack"]["capacity"])
        named = {columns.get(key) for key in ("tokens", "labels", "lossMask", "attentionMask")} | {*columns["carry"]}
        schema: pa.Schema | None = None
        for one in inputs:
            filesystem, path = self.at(one["path"])
            with filesystem.open_input_file(path) as file:
                if file.size() != one["bytes"]:
                    raise RuntimeError(f"ERR_INPUT_CHANGED: {one['path']} had {one['bytes']} bytes, now {file.size()}")
                table = pq.ParquetFile(file)
                wanted = [name for name in table.schema_arrow.names if name in named | (TRAPS - {*columns["ignore"]})]
                groups = list(range(*one.get("rowGroups", [0, table.num_row_groups])))
                own = pa.schema([table.schema_arrow.field(name) for name in wanted]).remove_metadata()
                schema = schema or own
                empty = pa.RecordBatch.from_pylist([], own)
                batches = itertools.chain([empty], table.iter_batches(size, row_groups=groups, columns=wanted))
                yield from (cast(batch, schema) for batch in batches)

    def partitions(self, inputs: list[str], size: int) -> list[dict[str, Any]]:
        """Parquet files in the order of their paths, taken together up to `size`; larger ones cut at row groups."""
        with ThreadPoolExecutor(32) as pool:
            parts = [part for file in pool.map(lambda uri: self.parts(uri, size), self.files(inputs)) for part in file]
        partitions: list[dict[str, Any]] = []
        room = 0
        for part, weight in parts:
            if room < weight or not partitions:
                partitions.append({"inputs": []})
                room = size
            partitions[-1]["inputs"].append(part)
            room -= weight
        return partitions

    def parts(self, uri: str, size: int) -> list[tuple[dict[str, Any], int]]:
        """A file with its bytes, or runs of its row groups with theirs."""
        filesystem, path = self.at(uri)
        with filesystem.open_input_file(path) as file:
            whole = file.size()
            if whole <= size:
                return [({"path": uri, "bytes": whole}, whole)]
            footer = pq.read_metadata(file)
        weights = [
            sum(footer.row_group(g).column(c).total_compressed_size for c in range(footer.num_columns))
            for g in range(footer.num_row_groups)
        ]
        runs: list[list[int]] = []
        for group, weight in enumerate(weights):
            if not runs or sum(weights[runs[-1][0] : group]) + weight > size:
                runs.append([group, group])
            runs[-1][1] = group + 1
        return [({"path": uri, "bytes": whole, "rowGroups": run}, sum(weights[slice(*run)])) for run in runs]

    def files(self, inputs: list[str]) -> list[str]:
        """The Parquet files of addresses, folders and patterns; only these are listed."""
        found: list[str] = []
        for uri in inputs:
            if uri.endswith(".parquet") and not any(sign in uri for sign in "*?["):
                found.append(uri)
                continue
            scheme, pattern = uri.split("://", 1)
            base = pattern[: min((pattern.find(sign) for sign in "*?[" if sign in pattern), default=len(pattern))]
            base = base if base == pattern else base.rpartition("/")[0]
            wanted = pattern if base != pattern else f"{pattern.rstrip('/')}/*"
            filesystem, root = self.at(f"{scheme}://{base}")
            listed = filesystem.get_file_info(fs.FileSelector(root, recursive=True))
            paths = [base + info.path[len(root) :] for info in listed if info.is_file]
            names = sorted(path for path in paths if fnmatchcase(path, wanted) and path.endswith(".parquet"))
            if not names:
                raise FileNotFoundError(f"{uri}: no Parquet file; other kinds are read from mounts, by an array job")
            found += [f"{scheme}://{name}" for name in names if not Path(name).name.startswith(("_", "."))]
        return found


def batch_size(capacity: int) -> int:
    """Rows of a record batch: some 64 MiB of tokens at most."""
    return min(max((64 << 20) // (4 * capacity), 16), 10_000)


def cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with the columns and types of `schema`, or an error."""
    table = pa.Table.from_batches([batch]).select(schema.names).cast(schema).combine_chunks()
    return (table.to_batches() or [pa.RecordBatch.from_pylist([], schema)])[0]
