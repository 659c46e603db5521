"""What runs on executors: one task's folder, its verbs, and the functions that Spark maps over rows."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import SparkFiles

from stowage_store import Store, cast

WIDER = {pa.uint8(): pa.int16(), pa.uint16(): pa.int32(), pa.uint32(): pa.int64()}  # Spark has no unsigned ones
PLAIN = {pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.float32(), pa.float64(), pa.bool_()}
PLAIN |= {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.date32()}
Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True)
class Job:
    """What every task is told."""

    id: str
    output: str
    store: Store
    kept: Any
    beside: str = str(Path(__file__).resolve().parent.parent / "dist" / "cli" / "main.js")

    def command(self, *arguments: object) -> list[str]:
        """stowage: as STOWAGE says, from the archive, or beside this file."""
        places = (os.environ.get("STOWAGE", ""), "stowage/bin/stowage", SparkFiles.get("stowage/bin/stowage"))
        found = next((os.path.abspath(place) for place in places if os.path.isfile(place)), None)
        return [*([found] if found else [os.environ.get("NODE", "node"), self.beside]), "job", *map(str, arguments)]

    @contextmanager
    def folder(self, files: dict[str, bytes]) -> Iterator[str]:
        """A job folder of this attempt alone; what its step reports there is sent back when it has succeeded."""
        with tempfile.TemporaryDirectory(prefix="stowage-") as folder:
            for name in ("job.json", "plan.json", "layout.json"):
                if os.path.exists(path := SparkFiles.get(f"stowage-{self.id}-{name}")):
                    shutil.copy(path, f"{folder}/{name}")
            for name, content in files.items():
                Path(folder, name).parent.mkdir(exist_ok=True)
                Path(folder, name).write_bytes(content)
            yield folder
            found = [path for part in ("counts", "assign", "written") for path in Path(folder, part).glob("*.*")]
            self.kept.add({str(path.relative_to(folder)): path.read_bytes() for path in found})

    @contextmanager
    def target(self) -> Iterator[str]:
        """Where output files are written; those for a store are uploaded when the step has succeeded."""
        with tempfile.TemporaryDirectory(prefix="stowage-") as folder:
            yield folder if "://" in self.output else self.output
            for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
                self.store.upload(path, f"{self.output}/{path.relative_to(folder)}")

    def source(self, folder: str, partitions: Iterable[int]) -> tuple[list[str], Batches | None]:
        """How a verb gets its rows: it opens files itself; those in a store come through its standard input."""
        job = json.loads(Path(folder, "job.json").read_text())
        inputs = [one for p in partitions for one in job["partitions"][p]["inputs"]]
        return (["--input", "-"], self.store.rows(job, inputs)) if "://" in inputs[0]["path"] else ([], None)


@contextmanager
def verb(job: Job, *arguments: object, rows: Batches | None = None, out: int = subprocess.DEVNULL) -> Iterator[Any]:
    """A verb that runs. A fault in the block or of `rows` kills it, so that no half stream looks whole."""
    faults: list[BaseException] = []

    def feed() -> None:
        try:
            stream = None
            for batch in rows or ():
                stream = stream or pa.ipc.new_stream(child.stdin, batch.schema)
                stream.write_batch(batch)
            if stream:
                stream.close()
            child.stdin.close()
        except BrokenPipeError:
            pass  # the verb has ended, and its own words say why
        except BaseException as fault:
            faults.append(fault)
            child.kill()

    with tempfile.TemporaryFile() as words:
        given = job.command(*arguments, "-q")
        stdin = subprocess.DEVNULL if rows is None else subprocess.PIPE
        child: Any = subprocess.Popen(given, stdin=stdin, stdout=out, stderr=words)
        feeder = threading.Thread(target=int if rows is None else feed, daemon=True)
        feeder.start()
        try:
            yield child
        except Exception as fault:
            faults.append(fault)
        finally:
            if faults or sys.exc_info()[0]:
                child.kill()
            status = child.wait()
            feeder.join()
        words.seek(0)
        if faults or status:
            said = words.read().decode(errors="replace").strip() or faults
            raise RuntimeError(f"{' '.join(given)} ended with {status}: {said}") from next(iter(faults), None)


def through_spark(schema: pa.Schema) -> pa.Schema:
    """The schema that carries these columns through Spark without loss."""
    for kind in schema.types:
        inner = kind.value_type if pa.types.is_list(kind) else WIDER.get(kind, kind)
        if inner not in PLAIN:
            raise ValueError(f"a carried column of type {kind} can't pass through Spark unchanged: use an array job")
    return pa.schema([(field.name, WIDER.get(field.type, field.type)) for field in schema])


def rows_of(batches: Batches) -> Iterator[dict[str, Any]]:
    return itertools.chain.from_iterable(batch.to_pylist() for batch in batches)


def step(job: Job, name: str, batches: Batches) -> Batches:
    """Counts a partition, or writes a group, for each row."""
    for row in rows_of(batches):
        with job.folder(dict(row["files"])) as folder, job.target() as target:
            given, rows = job.source(folder, row["partitions"])
            where = ["--partition"] if name == "count" else ["--output", target, "--group"]
            with verb(job, name, folder, *where, row["item"], *given, rows=rows):
                pass
    yield pa.RecordBatch.from_pydict({"done": pa.array([0], pa.int32())})


def assign(job: Job, shards: list[int], per_task: int, salts: list[int], batches: Batches) -> Batches:
    """The placed sequences of each row's partition that belong to `shards`, with the task that writes them."""
    for row in rows_of(batches):
        with job.folder(dict(row["files"])) as folder:
            given, rows = job.source(folder, row["partitions"])
            given = ["--partition", row["item"], "--output", "-", *given]
            with verb(job, "assign", folder, *given, rows=rows, out=subprocess.PIPE) as child:
                for batch in pa.ipc.open_stream(child.stdout):
                    batch = batch.filter(pc.is_in(batch["shard"], pa.array(shards, pa.int32())))
                    task = pc.cast(pc.divide(batch["shard"], per_task), pa.int64())
                    task = pa.array(salts, pa.int64()).take(task) if salts else task
                    yield cast(batch, through_spark(batch.schema)).append_column("task", task)


def write(job: Job, schema: pa.Schema, batches: Batches) -> Batches:
    """Shards, from rows sorted by (shard, pack, slot); a new stream begins where the shard changes."""
    parts = (part for batch in batches for part in by_shard(batch))
    for shard, group in itertools.groupby(parts, key=lambda part: part["shard"][0].as_py()):
        with job.folder({}) as folder, job.target() as target:
            given = ["--shard", shard, "--input", "-", "--output", target]
            with verb(job, "write", folder, *given, rows=(cast(part, schema) for part in group)):
                pass
    yield pa.RecordBatch.from_pydict({"done": pa.array([0], pa.int32())})


def by_shard(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    while batch.num_rows:
        size = pc.sum(pc.equal(batch["shard"], batch["shard"][0])).as_py()  # sorted: equal ones stand together
        yield batch.slice(0, size)
        batch = batch.slice(size)
