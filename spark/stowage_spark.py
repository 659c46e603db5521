"""Packs token sequences on Spark: the steps of `stowage job`; scheduling, shuffle and retries are Spark's.

    spark-submit [--archives bundle.tar.gz#stowage] $(npx stowage job spark-script) \\
        --input 's3://bucket/data/*.parquet' --output s3://bucket/packed --capacity 8192 [--mode shuffle]

Further options are those of `stowage job init`. From a notebook, with the folder of this file in sys.path:
`stowage_spark.pack(spark, input="s3://…/*.parquet", output="s3://…", capacity=8192, overlong="split")`.

The job folder is the driver's own; tasks work in folders of their own, and send what their step reports back
through an accumulator, so that the same call goes on where a lost driver stopped. Paths without a scheme
must lead every machine to the same files; stores (S3, GCS, Azure, HDFS) are read and written by pyarrow.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyspark import cloudpickle
from pyspark.accumulators import AccumulatorParam
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

import stowage_store
import stowage_tasks
from stowage_store import Store
from stowage_tasks import Job, assign, step, through_spark, write

WAVE = 4096  # tasks whose files come back in one action: spark.driver.maxResultSize counts them


class Kept(AccumulatorParam):  # type: ignore[type-arg]
    """On the driver, a file of the job folder for each that a task sends; on executors the files so far."""

    def __init__(self, folder: str | None = None) -> None:
        self.folder, self.contradictions = folder, list[str]()

    def __reduce__(self) -> tuple[Any, ...]:
        return (Kept, ())

    def zero(self, value: dict[str, bytes]) -> dict[str, bytes]:
        return {}

    def addInPlace(self, value1: dict[str, bytes], value2: dict[str, bytes]) -> dict[str, bytes]:
        for name, content in value2.items() if self.folder else ():
            path = Path(self.folder or "", name)
            path.parent.mkdir(exist_ok=True)
            if path.exists() and path.read_bytes() != content:
                self.contradictions.append(name)  # raised by the driver: this thread's exceptions are nobody's
            path.with_suffix(".tmp").write_bytes(content)
            path.with_suffix(".tmp").rename(path)
        return {} if self.folder else {**value1, **value2}


def pack(
    spark: SparkSession,
    *,
    input: str | list[str],
    output: str,
    capacity: int,
    mode: str = "local",
    job: str | None = None,
    partition_size: int = 1 << 30,
    shards_per_task: int | None = None,
    salt: bool | None = None,
    filesystem: fs.FileSystem | None = None,
    options: Iterable[str] = (),
    **more: object,
) -> dict[str, Any]:
    """Packs `input` into `output`, and returns what `stowage job finalize` reports.

    job: folder of the driver; by default one named after the arguments, under the system's temporary folder.
    shards_per_task: output files that one task writes; default: so many that a block of the shuffle has 1 MiB.
    salt: True where repartitionById can't be used; default: as Spark has it. filesystem: for all addresses.
    options, more: of `stowage job init`, as ["--overlong", "split"] or overlong="split".
    """
    if int(pa.__version__.split(".")[0]) < 15:
        raise RuntimeError(f"pyarrow 15 or later is needed, not {pa.__version__}")
    for module in (stowage_store, stowage_tasks, sys.modules[__name__]):
        cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]  # executors need no copy of these files
    inputs, output = [absolute(each) for each in ([input] if isinstance(input, str) else input)], absolute(output)
    flags = [*options, *itertools.chain.from_iterable(itertools.starmap(flag, more.items()))]
    name = hashlib.sha256(json.dumps([inputs, output, capacity, mode, partition_size, flags]).encode()).hexdigest()
    folder = os.path.abspath(job or f"{tempfile.gettempdir()}/stowage-job-{name[:16]}")
    driver = Driver(spark, folder, output, Store(filesystem))
    driver.init(inputs, ["--capacity", str(capacity), "--mode", mode, *flags], partition_size)
    driver.tune(capacity)
    driver.each("count", lambda item: [item], None)
    if driver.missing("plan"):
        print(json.dumps(driver.say("plan", folder)), file=sys.stderr)
    driver.share("layout.json")
    if mode == "local":
        groups = driver.document("layout.json")["groups"]
        driver.each("write", lambda group: groups[group]["partitions"], "plans")
    else:
        driver.share("plan.json")
        driver.shuffle(shards_per_task, salt)
    return driver.finalize()


class Driver:
    """The steps one after another, each for what isn't done yet."""

    def __init__(self, spark: SparkSession, folder: str, output: str, store: Store) -> None:
        self.spark, self.folder, self.kept = spark, Path(folder), Kept(folder)
        accumulator: Any = spark.sparkContext.accumulator({}, self.kept)
        self.job = Job("", output, store, accumulator)

    def document(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def ask(self, *arguments: object) -> bytes:
        """What a verb says on standard output; its error is raised."""
        run = subprocess.run(self.job.command(*arguments), capture_output=True, check=False)
        if run.returncode:
            raise RuntimeError(run.stderr.decode(errors="replace").strip())
        return run.stdout

    def say(self, *arguments: object) -> Any:
        return json.loads(self.ask(*arguments, "--json", "-q"))

    def init(self, inputs: list[str], flags: list[str], size: int) -> None:
        """Begins the job, or takes it up again; a store's files are cut into partitions here."""
        given = ["--input", *inputs, "--partition-size", str(size)]
        if any("://" in each for each in inputs):
            path = self.folder / "partitions.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(self.job.store.partitions(inputs, size)))
            given = ["--partitions", str(path)]
        report = self.say("init", self.folder, *given, "--output", self.job.output, *flags)
        self.job = replace(self.job, id=report["id"])
        begun = "://" not in self.job.output or (self.folder / "last").exists()
        if not begun and self.job.store.content(f"{self.job.output}/_stowage.json") is not None:
            raise RuntimeError(f"ERR_OUTPUT_EXISTS: {self.job.output} has a _stowage.json: name another output")
        self.share("job.json")

    def tune(self, capacity: int) -> None:
        """Batches of some 64 MiB; and what only those can set who start the executors is said."""
        self.spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", stowage_store.batch_size(capacity))
        self.spark.conf.set("spark.sql.execution.arrow.maxBytesPerBatch", 64 << 20)
        print("stowage: spark.executor.memoryOverhead must be 1 GiB or more for each core", file=sys.stderr)

    def missing(self, name: str) -> list[int]:
        """Items of a step that aren't done."""
        if self.kept.contradictions:
            raise RuntimeError(f"ERR_JOB: tasks were repeated, with other bytes: {self.kept.contradictions}")
        return next(each["missing"] for each in self.say("status", self.folder)["steps"] if each["step"] == name)

    def share(self, name: str) -> None:
        """Gives a file of the job folder to every task."""
        copy = self.folder / "spark" / f"stowage-{self.job.id}-{name}"
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(self.folder / name, copy)
        self.spark.sparkContext.addFile(str(copy))

    def tasks(self, items: list[int], partitions: Callable[[int], list[int]], part: str | None) -> DataFrame:
        """A Spark partition per item, with the file of a part of the job folder that belongs to it."""
        paths = {int(path.stem): path for path in (self.folder / part).iterdir()} if part else {}
        files = {item: {f"{part}/{paths[item].name}": bytearray(paths[item].read_bytes())} for item in items if part}
        rows = [(item, partitions(item), files.get(item, {})) for item in items]
        schema = "item int, partitions array<int>, files map<string,binary>"
        return self.spark.createDataFrame(self.spark.sparkContext.parallelize(rows, len(rows)), schema)

    def each(self, name: str, partitions: Callable[[int], list[int]], part: str | None) -> None:
        """Runs a step for each item that isn't done."""
        items, job = self.missing(name), self.job
        for at in range(0, len(items), WAVE):
            tasks = self.tasks(items[at : at + WAVE], partitions, part)
            tasks.mapInArrow(lambda batches: step(job, name, batches), "done int").collect()

    def shuffle(self, per_task: int | None, salt: bool | None) -> None:
        """Places every sequence, sorts by place, and writes the shards that are missing."""
        layout, shards, job = self.document("layout.json"), self.missing("write"), self.job
        sources = range(len(self.document("job.json")["partitions"]))
        if not shards and not self.missing("assign"):
            return
        size = layout["content"]["tokenBytes"] * sum(shard["places"] for shard in layout["shards"])
        most = max(1, size // (len(sources) << 20))  # tasks that leave a block of the shuffle 1 MiB
        per_task = per_task or math.ceil(len(layout["shards"]) / most)
        count = math.ceil(len(layout["shards"]) / per_task)
        direct = hasattr(DataFrame, "repartitionById") if salt is None else not salt
        salts = [] if direct else salts_of(self.spark, count)
        schema = pa.ipc.open_stream(self.ask("assign", self.folder, "--schema")).schema
        wide = from_arrow_schema(through_spark(schema).append(pa.field("task", pa.int64())))
        tasks = self.tasks([*sources], lambda item: [item], "offsets")
        placed = tasks.mapInArrow(lambda batches: assign(job, shards, per_task, salts, batches), wide)
        placed = (
            placed.repartitionById(count, F.col("task").cast("int")) if direct else placed.repartition(count, "task")
        )
        rows = placed.drop("task").sortWithinPartitions("shard", "pack", "slot")
        rows.mapInArrow(lambda batches: write(job, schema, batches), "done int").collect()

    def finalize(self) -> dict[str, Any]:
        """Proves by what the store says of every file that all is there; _stowage.json appears last."""
        output, store = self.job.output, self.job.store
        self.missing("write")
        if "://" not in output:
            return dict(self.say("finalize", self.folder))
        paths = [shard["path"] for shard in self.document("layout.json")["shards"]]
        with ThreadPoolExecutor(32) as pool:
            sizes = dict(zip(paths, pool.map(lambda path: store.size(f"{output}/{path}"), paths), strict=True))
        (self.folder / "sizes.json").write_text(json.dumps(sizes))
        last = self.folder / "last"
        report: dict[str, Any] = self.say(
            "finalize", self.folder, "--output", last, "--sizes", self.folder / "sizes.json"
        )
        there = store.content(f"{output}/{report['manifest']}")
        if there not in (None, (last / report["manifest"]).read_bytes()):
            raise RuntimeError(f"ERR_JOB: {output}/{report['manifest']} is there, of another job")
        for name in report["files"]:
            store.upload(last / name, f"{output}/{name}")
        return report


def salts_of(spark: SparkSession, count: int) -> list[int]:
    """For each of `count` partitions the least number whose hash leads there: for Spark before 4.1."""
    numbers = spark.range(int(count * (math.log(count) + 20)))
    places = numbers.groupBy(F.expr(f"pmod(hash(id), {count})").alias("place")).agg(F.min("id").alias("salt"))
    salts = {row["place"]: row["salt"] for row in places.collect()}
    return [salts[place] for place in range(count)]


def absolute(path: str) -> str:
    return path.rstrip("/") if "://" in path else os.path.abspath(path)


def flag(name: str, value: object) -> list[str]:
    """overlong="split" as --overlong split; lists with commas; True is the option alone."""
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [option] if value else []
    return [option, ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Packs token sequences on Spark; other options: `stowage job init`.")
    parser.add_argument("--input", nargs="+", required=True, help="Parquet files, folders or patterns")
    parser.add_argument("--output", required=True, help="a folder, or an address in a store")
    parser.add_argument("--capacity", type=int, required=True, help="tokens that a pack holds")
    parser.add_argument("--mode", choices=["local", "shuffle"], default="local")
    parser.add_argument("--job", help="folder of the driver; the same one goes on where an earlier run stopped")
    parser.add_argument("--partition-size", type=int, default=1 << 30, help="bytes of input in a partition, about")
    parser.add_argument("--shards-per-task", type=int, help="output files that one task writes")
    parser.add_argument("--salt", action="store_const", const=True, help="do without repartitionById")
    given, options = parser.parse_known_args()
    spark = SparkSession.builder.appName("stowage").getOrCreate()
    try:
        print(json.dumps(pack(spark, options=options, **vars(given))))
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
