"""A server with S3's interface on this machine, which tells what was asked of it."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from pyarrow import fs

# Refused requests are coloured.
REQUEST = re.compile(r'"(?:\x1b\[[\d;]*m)*(GET|PUT|POST|HEAD|DELETE) /([^/? ]*)/?([^? ]*)(?:\?(\S*))? HTTP')


@dataclass(frozen=True)
class Call:
    """A request: get, head, put, begin, part, complete, abort, delete, copy, list."""

    kind: str
    bucket: str
    key: str


class Moto:
    """moto's server for the length of a `with` block."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = Path(folder, "moto.log")
        self.calls: list[str] = []
        self.seen = 0

    def __enter__(self) -> "Moto":
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log.open("wb"))
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2)
                break
            except OSError:
                time.sleep(0.1)
        for bucket in ("tokens", "packed"):
            self.filesystem().create_dir(bucket)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def filesystem(self) -> fs.S3FileSystem:
        endpoint = f"127.0.0.1:{self.port}"
        return fs.S3FileSystem(
            access_key="a",
            secret_key="b",
            endpoint_override=endpoint,
            scheme="http",
            region="us-east-1",
            allow_bucket_creation=True,
        )

    def put(self, paths: list[str], bucket: str) -> list[str]:
        """Copies files there; returns their names."""
        store = self.filesystem()
        for path in paths:
            with store.open_output_stream(f"{bucket}/{os.path.basename(path)}") as out:
                out.write(Path(path).read_bytes())
        self.told()
        return [os.path.basename(path) for path in paths]

    def get(self, bucket: str, prefix: str, folder: Path) -> None:
        folder.mkdir()
        fs.copy_files(
            f"{bucket}/{prefix}",
            str(folder),
            source_filesystem=self.filesystem(),
            destination_filesystem=fs.LocalFileSystem(),
        )

    def told(self) -> list[Call]:
        """Requests since the last time, in their order."""
        lines = self.log.read_text().splitlines()
        found = [call(match) for match in map(REQUEST.search, lines[self.seen :]) if match]
        self.seen = len(lines)
        return found


def call(match: re.Match[str]) -> Call:
    method, bucket, key, query = (
        match.group(1),
        match.group(2),
        urllib.parse.unquote(match.group(3)),
        match.group(4) or "",
    )
    if method == "GET" and key == "":
        return Call("list", bucket, key)
    if "uploads" in query:
        return Call("begin" if method == "POST" else "list", bucket, key)
    if "uploadId" in query:
        return Call({"PUT": "part", "POST": "complete", "DELETE": "abort"}.get(method, "list"), bucket, key)
    return Call({"GET": "get", "HEAD": "head", "PUT": "put", "DELETE": "delete"}.get(method, "post"), bucket, key)
