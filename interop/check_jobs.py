"""Array jobs as schedulers run them, uploads that die, and memory. check_jobs.py FOLDER [arrays|uploads|memory]"""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jobs import MAIN, NODE, ROOT, data, digests, document, same, stowage
from moto_store import Moto

sys.path.insert(0, str(ROOT / "spark"))
from stowage_store import Store

SHARD = 2 << 20


def task(verb: str, job: Path, index: int, killed: list[str], where: Path | None = None) -> None:
    """A task of an array. If it is seen to write into `where`, it is killed with all that it started, and run again."""
    given = [NODE, MAIN, "job", verb, str(job), "-q", "--threads", "1"]
    env = {**os.environ, "SLURM_ARRAY_TASK_ID": str(index)}
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(given, env=env, start_new_session=True, stderr=words)
        mine = re.compile(rf"[.-]{process.pid}-.*\.tmp$")
        while where is not None and process.poll() is None:
            if where.exists() and any(mine.search(name) for name in os.listdir(where)):
                os.killpg(process.pid, signal.SIGKILL)
                if process.wait() == -signal.SIGKILL:
                    killed.append(f"{verb} {index}")
                    return task(verb, job, index, killed)
            time.sleep(0.001)
        if process.wait() != 0:
            words.seek(0)
            raise RuntimeError(f"{verb} {index}: {words.read().decode()}")
    return None


def array(verb: str, job: Path, count: int, killed: list[str], where: Path | None = None) -> None:
    """Tasks in no order, eight at a time; the first runs twice at once, and one that is caught writing is killed."""
    started, order, lock = time.time(), [0, *random.Random(count).sample(range(count), count)], threading.Lock()
    order.remove(0)
    order.insert(1, 0)  # beside the other one

    def one(index: int) -> None:
        hunted = where is not None and index > 0 and not killed and lock.acquire(blocking=False)
        try:
            task(verb, job, index, killed, where if hunted else None)
        finally:
            if hunted:
                lock.release()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, order))
    print(f"{verb}: {len(order)} tasks, {time.time() - started:.1f} s; killed and run again: {killed}", flush=True)
    if where is not None and not killed:
        raise AssertionError(f"no {verb} was caught writing")


def arrays(folder: Path) -> None:
    """An array job by 8 processes, some killed and some doubled, gives the bytes of one machine."""
    inputs = data(folder / "data", 40, 5_000)
    given = ["--capacity", 512, "--seed", 7, "--shard-size", SHARD]
    stowage("pack", *inputs, "--output", folder / "single", *given)
    job, packed = folder / "job", folder / "packed"
    begin = ["--input", *inputs, "--output", packed, "--partition-size", 1_200_000, *given]
    stowage("job", "init", job, *begin, "--mode", "shuffle")
    partitions = len(document(job, "job.json")["partitions"])
    array("count", job, partitions, [])
    stowage("job", "plan", job)
    array("assign", job, partitions, [], job / "runs")
    array("write", job, len(document(job, "layout.json")["shards"]), [], packed)
    left = sum(1 for path in [*packed.iterdir(), *(job / "runs").iterdir()] if path.suffix == ".tmp")
    stowage("job", "finalize", job)
    print(f"left of killed tasks before finalize: {left} temporary files")
    same("array job", digests(folder / "packed"), digests(folder / "single"))
    stowage("job", "finalize", job, "--rehash")


DIES = """
import os, sys
from pathlib import Path
from pyarrow import fs
sys.path.insert(0, {spark!r})
from stowage_store import Store
filesystem = fs.S3FileSystem(access_key="a", secret_key="b", endpoint_override="127.0.0.1:{port}",
    scheme="http", region="us-east-1", background_writes=False,
    retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1))
class Dies:
    type_name = "s3"
    def open_output_stream(self, path):
        out = filesystem.open_output_stream(path)
        class Stream:
            def write(self, buffer):
                out.write(buffer.slice(0, buffer.size // 2))
                {end}
            def close(self):
                out.close()
        return Stream()
Store(Dies()).upload(Path({path!r}), "s3://packed/{name}")
"""


def uploads(folder: Path) -> None:
    """A writer that dies in the middle of an upload leaves no object; what is uploaded is whole."""
    path = folder / "shard"
    path.write_bytes(np.random.default_rng(1).bytes(40 << 20))
    with Moto(folder) as store:
        filesystem = store.filesystem()
        for name, end in (("killed", "os.kill(os.getpid(), 9)"), ("ended", "os._exit(1)")):
            facts = {"spark": str(ROOT / "spark"), "port": store.port, "path": str(path), "name": name, "end": end}
            status = subprocess.run([sys.executable, "-c", DIES.format(**facts)], check=False).returncode
            kinds = [call.kind for call in store.told() if call.key == name]
            if status == 0 or "part" not in kinds or "complete" in kinds:
                raise AssertionError(f"{name}: status {status}, {kinds}")
            if filesystem.get_file_info(f"packed/{name}").type.name != "NotFound":
                raise AssertionError(f"{name}: half an upload can be seen")
            print(f"{name} in the middle of an upload: {kinds.count('part')} parts, no object", flush=True)
        one = Store(filesystem)
        one.upload(path, "s3://packed/whole")
        one.upload(path, "s3://packed/whole")
        kinds = [call.kind for call in store.told() if call.key == "whole"]
        if (
            one.size("s3://packed/whole") != path.stat().st_size
            or one.content("s3://packed/whole") != path.read_bytes()
        ):
            raise AssertionError("an upload isn't what was uploaded")
        if one.content("s3://packed/nothing") is not None or {"list", "copy", "delete"} & set(kinds):
            raise AssertionError(f"{kinds}")
        print(f"uploaded twice: {sorted(set(kinds))}", flush=True)


def pss(pid: int) -> int:
    """Bytes of a process and of all below it; shared pages by their share."""
    total = 0
    run = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    for child in run.stdout.split():
        total += pss(int(child))
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
    except OSError:
        pass
    return total


def sampled(*arguments: object) -> int:
    """Runs the command and returns the most memory that it held."""
    process = subprocess.Popen(
        [NODE, MAIN, *map(str, arguments), "-q"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    most = 0
    while process.poll() is None:
        most = max(most, pss(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(process.stderr.read().decode() if process.stderr else "")
    return most


def memory(folder: Path) -> None:
    """assign and write of a partition of 2 GB of tokens stay within 400 MB."""
    path, random_ids = folder / "large.parquet", np.random.default_rng(3)
    lengths = np.full(20_000, 1_000, np.int32)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    schema = pa.schema([("input_ids", pa.list_(pa.int32()))])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=False) as writer:
        for _ in range(25):  # 25 x 20,000 sequences of 1,000 tokens: 2.0 GB of token bytes
            ids = pa.array(random_ids.integers(0, 100_000, int(offsets[-1].as_py()), dtype=np.int32))
            writer.write_table(pa.table({"input_ids": pa.ListArray.from_arrays(offsets, ids)}, schema))
    job = folder / "large-job"
    given = ["--input", path, "--output", folder / "large", "--capacity", 8192, "--partition-size", 4 << 30]
    stowage("job", "init", job, *given, "--mode", "shuffle", "--shard-size", 512 << 20)
    figures = {"count": sampled("job", "count", job, "--partition", 0)}
    stowage("job", "plan", job)
    figures["assign"] = sampled("job", "assign", job, "--partition", 0, "--threads", 2)
    path.unlink()
    figures["write"] = sampled("job", "write", job, "--shard", 0, "--threads", 2)
    told = ", ".join(f"{verb} {bytes_ / 1e6:.0f} MB" for verb, bytes_ in figures.items())
    size = document(job, "job.json")["partitions"][0]["inputs"][0]["bytes"]
    print(f"memory at most, a partition of {size / 1e9:.1f} GB: {told}")
    if max(figures["assign"], figures["write"]) > 400e6:
        raise AssertionError("more than 400 MB")


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    checks = {"arrays": arrays, "uploads": uploads, "memory": memory}
    for name in sys.argv[2:] or checks:
        (folder / name).mkdir(parents=True)
        started = time.time()
        checks[name](folder / name)
        print(f"{name}: ok, {time.time() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
