"""Two hosts with names, networks and processes of their own, on files that both see, do one job.

They are network namespaces of this machine, which root alone may make.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import small_jobs
from plugin.engine import work
from plugin.engine.progress import Silent
from together import ROOT, SECONDS, environment, write_job

HOSTS = {"dgone": "10.83.7.1", "dgtwo": "10.83.7.2"}
PORT = 29583
NAMES = Path("/etc/netns")  # where `ip netns exec` finds a host's own /etc/hosts


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def hosts():
    """Two hosts that are wired to each other."""
    if shutil.which("ip") is None or os.geteuid():
        pytest.skip("hosts are made by ip, of iproute2, and by root")
    known = "127.0.0.1 localhost\n" + "".join(f"{at} {name}\n" for name, at in HOSTS.items())
    first, second = HOSTS
    try:
        for name in HOSTS:
            ip("netns", "add", name)
            (NAMES / name).mkdir(parents=True)
            (NAMES / name / "hosts").write_text(known)
        ip("link", "add", first, "netns", first, "type", "veth",
           "peer", "name", second, "netns", second)  # fmt: skip
        for name, address in HOSTS.items():
            ip("-n", name, "addr", "add", f"{address}/24", "dev", name)
            for link in ("lo", name):
                ip("-n", name, "link", "set", link, "up")
        yield HOSTS
    finally:
        for name in HOSTS:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
            shutil.rmtree(NAMES / name, ignore_errors=True)


def on_host(name, address, job):
    """Start one process of a job on a host."""
    meeting = f"{next(iter(HOSTS.values()))}:{PORT}"
    torchrun = [
        sys.executable, "-m", "torch.distributed.run", "--nnodes", str(len(HOSTS)),
        "--nproc-per-node", "1", "--local-addr", address, "--rdzv-id", "two",
        "--rdzv-backend", "c10d", "--rdzv-endpoint", meeting, "-m", "plugin.engine", "run", job,
    ]  # fmt: skip
    named = ["unshare", "--uts", "sh", "-c", 'hostname "$0"; exec "$@"', name, *torchrun]
    return subprocess.Popen(
        ["ip", "netns", "exec", name, *named], cwd=ROOT, env=environment(GLOO_SOCKET_IFNAME=name),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("name", ["classify_pixels", "upscale_raster", "detect_objects"])
def test_map_of_two_hosts_is_that_of_one_process_byte_for_byte(hosts, tmp_path, name):
    torch.set_num_threads(1)
    (tmp_path / "in").mkdir()
    inputs = {"device": "cpu", **small_jobs.MAPS[name](tmp_path / "in")}
    one, many = (tmp_path / place for place in ("one", "many"))
    for place in (one, many):
        place.mkdir()
    work.do(name, {**inputs, **small_jobs.outputs_of(name, one)}, Silent())
    values = {**inputs, **small_jobs.outputs_of(name, many)}
    job = write_job(tmp_path / "job.json", name, values)
    running = [on_host(*host, job) for host in hosts.items()]
    said = [process.communicate(timeout=SECONDS)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert sorted(p.name for p in many.iterdir()) == sorted(p.name for p in one.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (many / path.name).read_bytes()
