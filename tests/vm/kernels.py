"""Debian's cloud kernels: found by series ("6.1"), fetched with apt-get download and unpacked, never installed."""

import re
import shutil
import subprocess
from pathlib import Path


class Missing(Exception):
    """A kernel cannot be had; says why in one line."""


class Kernel:
    """One unpacked package."""

    def __init__(self, series, folder):
        self.series = series
        self.folder = folder
        self.image = next(folder.glob("boot/vmlinuz-*"))
        self.release = self.image.name.removeprefix("vmlinuz-")
        self.modules = next(path for top in ("lib/modules", "usr/lib/modules") for path in folder.glob(f"{top}/{self.release}"))


def get(series, cache):
    """The newest kernel of the series that apt knows; without network the newest that is in the cache already."""
    cache.mkdir(parents=True, exist_ok=True)
    known = _packages(series)
    problem = f"apt knows no linux-image-{series}*-cloud-amd64: run apt-get update, or add the archive that has it"
    for name in known:
        folder = cache / name
        if not folder.exists():
            problem = _fetch(name, cache)
            if problem:
                continue
        return Kernel(series, folder)
    for folder in sorted(cache.glob("linux-image-*"), key=_newest_first):
        if folder.is_dir() and _is_of(series, folder.name):
            return Kernel(series, folder)
    raise Missing(problem)


def _packages(series):
    try:
        done = subprocess.run(["apt-cache", "pkgnames", f"linux-image-{series}."], capture_output=True, text=True)
    except FileNotFoundError:
        return []
    return sorted((name for name in done.stdout.split() if _is_of(series, name)), key=_newest_first)


def _is_of(series, name):
    """linux-image-6.1.0-56-cloud-amd64, linux-image-6.12.117+deb12-cloud-amd64"""
    return re.fullmatch(rf"linux-image-{re.escape(series)}\.[0-9]+(\+[a-z0-9]+)?(-[0-9]+)?-cloud-amd64", getattr(name, "name", name))


def _newest_first(name):
    return [-int(number) for number in re.findall(r"[0-9]+", getattr(name, "name", name))]


def _fetch(name, cache):
    """Downloads and unpacks one package; what went wrong, or None."""
    work = cache / f"{name}.part"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    done = subprocess.run(["apt-get", "download", "-q", name], cwd=work, capture_output=True, text=True)
    packages = list(work.glob("*.deb"))
    if done.returncode != 0 or not packages:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or ["apt-get download failed"]
        return f"{name} cannot be fetched: {lines[0]}; is there a network?"
    done = subprocess.run(["dpkg-deb", "-x", packages[0], work / "root"], capture_output=True, text=True)
    if done.returncode != 0:
        return f"{name} cannot be unpacked: {done.stderr.strip()}"
    Path(work / "root").rename(cache / name)
    shutil.rmtree(work)
    return None
