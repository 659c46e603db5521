"""Packs on Spark as users do, in one session, and compares every byte with `stowage pack`.

check_spark.py FOLDER [shuffle|speculated|killed|store]   Spark runs on two workers, which are two hosts to it.
A task runs twice by speculation, where rows find their task without repartitionById; an executor is killed while
shards are written; inputs and output lie in a store, in local mode.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pandas
import pyarrow
import pyspark
from jobs import MAIN, NODE, ROOT, data, digests, document, same, stowage
from pyspark.sql import SparkSession
from spark_cluster import Cluster

sys.path.insert(0, str(ROOT / "spark"))
import stowage_spark
from moto_store import Moto

CAPACITY, SHARD, FILES = 512, 2 << 20, 40
OPTIONS = {"seed": 7, "shard_size": SHARD}
PARTITION = 1_200_000  # bytes: a file each


def session(folder: Path, master: str) -> SparkSession:
    """Two executors of one core; a task that takes long is run a second time beside the first."""
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=True).stderr.splitlines()[0]
    versions = f"pyspark {pyspark.__version__}, pyarrow {pyarrow.__version__}, pandas {pandas.__version__}"
    print(f"{versions}, {java}", flush=True)
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.executor.memory": "900m",
        "spark.locality.wait": "0",
        "spark.local.dir": folder / "spark",
        "spark.ui.showConsoleProgress": "false",
        "spark.speculation": "true",
        "spark.speculation.interval": "200ms",
        "spark.speculation.quantile": "0.3",
        "spark.speculation.multiplier": "3",
        "spark.executorEnv.STOWAGE": wrapper(folder),
    }
    builder = SparkSession.builder.appName("stowage").master(master)
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def wrapper(folder: Path) -> str:
    """stowage as executors see it: the first attempt at the shard in `slow` waits until another has written it."""
    path = folder / "stowage.sh"
    path.write_text(f"""#!/bin/bash
slow=$(cat "{folder}/slow" 2>/dev/null)
if [ -n "$slow" ] && [[ " $* " == *" --shard $slow "* ]]; then
  echo $$ >> "{folder}/attempts"
  mkdir "{folder}/slept-$slow" 2>/dev/null && for _ in {{1..600}}; do
    compgen -G "{folder}/speculated/*-$(printf %05d "$slow")-of-*" >/dev/null && break
    sleep 0.2
  done
fi
exec "{NODE}" "{MAIN}" "$@"
""")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def stages(spark: SparkSession, since: int) -> list[dict]:
    """What Spark says of the stages of an action."""
    context = spark.sparkContext
    base = f"{context.uiWebUrl}/api/v1/applications/{context.applicationId}/stages"
    found = [
        stage
        for status in ("complete", "failed")
        for stage in json.load(urllib.request.urlopen(f"{base}?status={status}"))
    ]
    return sorted(
        (stage for stage in found if stage["stageId"] >= since),
        key=lambda stage: (stage["stageId"], stage["attemptId"]),
    )


def next_stage(spark: SparkSession) -> int:
    return 1 + max((stage["stageId"] for stage in stages(spark, 0)), default=-1)


def below(pid: int) -> list[int]:
    """All processes that descend from one."""
    run = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(child) for child in run.stdout.split()]
    return children + [each for child in children for each in below(child)]


def executors() -> list[int]:
    """The JVMs that run tasks, among the processes that this one has started."""
    found = []
    for pid in below(os.getpid()):
        try:
            if b"CoarseGrainedExecutorBackend" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
        except OSError:
            continue
    return found


def kill_one(output: Path, after: int, killed: list[str]) -> None:
    """Kills one executor when some shards are written: its shuffle files go with it."""
    deadline = time.time() + 300
    while time.time() < deadline:
        written = len(list(output.glob("*.parquet"))) if output.exists() else 0
        if written >= after:
            victims = executors()
            os.kill(victims[0], signal.SIGKILL)
            killed.append(f"executor {victims[0]} of {len(victims)}, after {written} shards")
            return
        time.sleep(0.05)


def run(spark: SparkSession, name: str, folder: Path, inputs: list[str], **more: object) -> list[dict]:
    since, started = next_stage(spark), time.time()
    given: dict = {
        "capacity": CAPACITY,
        "partition_size": PARTITION,
        "job": str(folder / f"{name}-job"),
        **OPTIONS,
        **more,
    }
    stowage_spark.pack(spark, **{"input": inputs, "output": str(folder / name), **given})
    print(f"{name}: {time.time() - started:.1f} s", flush=True)
    return stages(spark, since)


def counted(folder: Path, name: str) -> None:
    """Gives a job the counts of the first: they are of the same partitions, and a driver takes up what is done."""
    counts = folder / "shuffle-job" / "counts"
    if counts.exists():
        shutil.copytree(counts, folder / f"{name}-job" / "counts")


def shuffle(spark: SparkSession, folder: Path, inputs: list[str], wanted: dict[str, str]) -> None:
    for name in ("shuffle", "the same call again"):
        run(spark, "shuffle", folder, inputs, mode="shuffle", shards_per_task=2)
        same(name, digests(folder / "shuffle"), wanted)


def speculated(spark: SparkSession, folder: Path, inputs: list[str], wanted: dict[str, str]) -> None:
    counted(folder, "speculated")
    (folder / "slow").write_text("3")
    run(spark, "speculated", folder, inputs, mode="shuffle", shards_per_task=1, salt=True)
    (folder / "slow").unlink()
    same("without repartitionById, a task speculated", digests(folder / "speculated"), wanted)
    attempts = (folder / "attempts").read_text().split()
    if len(attempts) < 2:
        raise AssertionError(f"no shard was begun twice: {attempts}")
    print(f"{len(attempts)} attempts at shard 3, the first of which waited for another's", flush=True)


def killed(spark: SparkSession, folder: Path, inputs: list[str], wanted: dict[str, str]) -> None:
    counted(folder, "killed")
    victims: list[str] = []
    watcher = threading.Thread(target=kill_one, args=(folder / "killed", 5, victims), daemon=True)
    watcher.start()
    told = run(spark, "killed", folder, inputs, mode="shuffle", shards_per_task=1)
    watcher.join(1)
    failed = sum(stage["numFailedTasks"] for stage in told)
    attempts = max(stage["attemptId"] for stage in told)
    if not victims or (failed == 0 and attempts == 0):
        raise AssertionError(f"no executor was lost: {victims}, {failed} failed tasks")
    same("one executor killed", digests(folder / "killed"), wanted)
    print(f"killed {victims[0]}: {failed} tasks failed, stages were begun {attempts + 1} times at most", flush=True)


def store(spark: SparkSession, folder: Path, inputs: list[str], _: dict[str, str]) -> None:
    groups = {"group_packs": 4_000, "max_loss": 0.01}
    with Moto(folder) as moto:
        there = [f"s3://tokens/{name}" for name in moto.put(inputs, "tokens")]
        where = {"output": "s3://packed/set", "filesystem": moto.filesystem()}
        run(spark, "store", folder, there, **groups, **where)
        calls = moto.told()
        report = {kind: sum(1 for call in calls if call.kind == kind) for kind in {call.kind for call in calls}}
        print(f"requests to the store: {report}", flush=True)
        foreign = [call for call in calls if call.bucket == "packed" and call.kind in ("list", "copy", "delete")]
        if foreign:
            raise AssertionError(f"the output was listed, copied or deleted: {foreign[:3]}")
        last = [call.key for call in calls if call.bucket == "packed" and call.kind in ("put", "complete")]
        if last[-1] != "set/_stowage.json":
            raise AssertionError(f"the last upload is {last[-1]}")
        moto.get("packed", "set", folder / "from-store")
    layout = document(folder / "store-job", "layout.json")
    print(f"{len(layout['groups'])} groups, loss {layout['loss']}", flush=True)
    flags = [word for name, value in groups.items() for word in (f"--{name.replace('_', '-')}", value)]
    given = ["--capacity", CAPACITY, "--seed", 7, "--shard-size", SHARD, "--partition-size", PARTITION, *flags]
    stowage("job", "init", folder / "local-job", "--input", *inputs, "--output", folder / "local", *given)
    stowage("job", "run", folder / "local-job")
    same("a store, local mode", digests(folder / "from-store"), digests(folder / "local"))


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    inputs = data(folder / "data", FILES, 5_000)
    given = ["--capacity", CAPACITY, "--seed", 7, "--shard-size", SHARD]
    stowage("pack", *inputs, "--output", folder / "single", *given)
    wanted = digests(folder / "single")
    checks = {"shuffle": shuffle, "speculated": speculated, "killed": killed, "store": store}
    with Cluster(folder) as cluster:
        spark = session(folder, cluster.master)
        try:
            for name in sys.argv[2:] or checks:
                checks[name](spark, folder, inputs, wanted)
        finally:
            spark.stop()


if __name__ == "__main__":
    main()
