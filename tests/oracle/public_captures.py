"""Captures that others made, out of Debian's source packages: fetched by name with the machine's own apt into a folder, once."""

import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

# Where in the source its captures are. tcpdump's are hostile for the most part, nDPI's are of real applications.
FOLDERS = {"tcpdump": "tests", "tcpflow": "tests", "ndpi": "tests/pcap", "wireshark": "test/captures"}
USUAL = ["tcpdump", "tcpflow", "ndpi"]
MOST_BYTES, MOST_FILES = 8_000_000, 2_000  # of one file; of a package
UPDATE_SECONDS, FETCH_SECONDS = 30, 45


class NotToBeHad(Exception):
    pass


def write_sources(folder):
    """The machine's own package sources once more, as sources of source code."""
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    etc = Path("/etc/apt")
    for number, given in enumerate([etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]):
        if not given.is_file() or given.suffix not in (".list", ".sources"):
            continue
        lines = given.read_text(errors="replace").splitlines()
        if given.suffix == ".list":
            lines = ["deb-src" + line[3:] for line in lines if line.startswith(("deb ", "deb\t"))]
        else:
            lines = ["Types: deb-src" if line.lower().startswith("types:") else line for line in lines]
        (parts / f"{number}{given.suffix}").write_text("\n".join(lines) + "\n")
    return parts


def apt(folder, seconds, *words):
    for name in ("lists/partial", "cache/archives/partial", "archives"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    options = {"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": folder / "parts", "Dir::State::lists": folder / "lists",
               "Dir::Cache": folder / "cache", "APT::Sandbox::User": "root", "Acquire::http::Timeout": 10}
    command = ["apt-get", "-qq"] + [f"-o{name}={value}" for name, value in options.items()] + list(words)
    try:
        done = subprocess.run(command, cwd=folder / "archives", capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise NotToBeHad(f"apt-get {words[0]} took longer than {seconds} s") from None
    complaints = [re.sub(r"\S+://\S+\s*", "", line[3:]) for line in done.stderr.splitlines() if line.startswith("E:")]
    return complaints[0] if complaints else f"apt-get {words[0]} brought nothing"


def unpack(archive, inside, to):
    """Regular files only, flat: whatever names the archive holds, nothing is written elsewhere."""
    count = 0
    with tarfile.open(archive) as packed:
        for member in packed:
            folder, _, name = member.name.partition("/")[2].rpartition("/")
            if not member.isfile() or folder != inside and not folder.startswith(inside + "/") or member.size > MOST_BYTES or count == MOST_FILES:
                continue
            flat = f"{folder}/{name}"[len(inside) + 1:].replace("/", "_")
            with packed.extractfile(member) as source, open(to / flat, "wb") as copy:
                shutil.copyfileobj(source, copy)
            count += 1


def learn_what_there_is(cache):
    if list((cache / "lists").glob("*Sources*")):
        return
    write_sources(cache)
    complaint = apt(cache, UPDATE_SECONDS, "update")
    if not list((cache / "lists").glob("*Sources*")):
        raise NotToBeHad(complaint)


def fetch_one(package, cache, to):
    complaint = apt(cache, FETCH_SECONDS, "source", "--download-only", package)
    archives = [one for one in sorted((cache / "archives").glob(f"{package}_*.orig.tar.*")) if one.suffix in (".gz", ".xz", ".bz2")]
    if not archives:  # the packaging beside it may be missing: nobody needs it
        raise NotToBeHad(complaint)
    half = to.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(parents=True)
    unpack(archives[-1], FOLDERS[package], half)
    os.rename(half, to)
    archives[-1].unlink()


def fetch(packages, cache):
    """The folders with their captures, and why others cannot be had."""
    folders, why_not = {package: cache / "captures" / package for package in packages}, []
    missing = [package for package in packages if not folders[package].is_dir()]
    try:
        if missing and not shutil.which("apt-get"):
            raise NotToBeHad("no apt-get")
        if missing:
            learn_what_there_is(cache)
    except NotToBeHad as why:
        why_not.append(str(why))
        missing = []
    for package in missing:
        try:
            fetch_one(package, cache, folders[package])
        except NotToBeHad as why:
            why_not.append(f"{package}: {why}")
    return [folder for folder in folders.values() if folder.is_dir()], why_not
