"""Uploads that die leave nothing to be seen. check_jobs.py FOLDER"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from moto_store import Moto

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "spark"))
from stowage_store import Store  # noqa: E402

DIES = """
import os, sys
from pathlib import Path
from pyarrow import fs
sys.path.insert(0, {spark!r})
from stowage_store import Store
filesystem = fs.S3FileSystem(access_key="a", secret_key="b", endpoint_override="127.0.0.1:{port}",
    scheme="http", region="us-east-1", background_writes=False, retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1))
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


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    checks = {"uploads": uploads}
    for name in sys.argv[2:] or checks:
        (folder / name).mkdir(parents=True)
        started = time.time()
        checks[name](folder / name)
        print(f"{name}: ok, {time.time() - started:.1f} s", flush=True)


if __name__ == "__main__":
    main()
