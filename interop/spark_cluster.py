"""Spark's own cluster on this machine: a master and two workers, which are two hosts to Spark."""

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

import pyspark

HOSTS = ("127.0.0.2", "127.0.0.3")  # speculation begins a second attempt on another host only


class Cluster:
    """Lives for the length of a `with` block; each worker has one core."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port(), free_port()]
        self.master = f"spark://127.0.0.1:{self.ports[0]}"
        self.processes: list[subprocess.Popen] = []

    def __enter__(self) -> "Cluster":
        port, page = map(str, self.ports)
        self.start("master.Master", "--host", "127.0.0.1", "--port", port, "--webui-port", page)
        for host in HOSTS:
            own = ["--host", host, "--cores", "1", "--memory", "1024M", "--webui-port", "0"]
            self.start("worker.Worker", *own, "--work-dir", str(self.folder / "work"), self.master)
        deadline = time.time() + 120
        while self.workers() < len(HOSTS):
            if time.time() > deadline:
                raise RuntimeError(f"Spark's workers didn't come: {self.folder / 'cluster.log'}")
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait()

    def start(self, what: str, *arguments: str) -> None:
        home = Path(pyspark.__file__).parent
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{what}", *arguments]
        # Each host says its own name, not that of the driver.
        env = {name: value for name, value in os.environ.items() if name != "SPARK_LOCAL_IP"}
        env |= {"SPARK_HOME": str(home), "SPARK_NO_DAEMONIZE": "1"}
        log = (self.folder / "cluster.log").open("ab")
        self.processes.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))

    def workers(self) -> int:
        try:
            page = urllib.request.urlopen(f"http://127.0.0.1:{self.ports[1]}/json/", timeout=5).read().decode()
        except OSError:
            return 0
        return page.count('"ALIVE"') - 1  # the master is too


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
