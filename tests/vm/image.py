"""The machine's file system: an initramfs with the built program, the lab with the programs that it uses, python3, busybox, and the kernel's modules."""

import lzma
import shutil
import stat
import subprocess
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
PYTHON = Path("/usr/bin/python3")
PROGRAMS = ("ip", "nft", "tc", "zstd", "tcpdump", "bpftool")
NOT_NEEDED = ("config-", "test", "pydoc_data", "lib2to3", "idlelib", "tkinter", "ensurepip", "turtledemo", "distutils", "venv")
MODULES = ("kernel/net/", "kernel/lib/", "kernel/crypto/", "kernel/drivers/net/veth.", "kernel/drivers/net/tun.", "kernel/drivers/net/dummy.")


class Archive:
    """A cpio archive (newc), as the kernel unpacks it; two of them one behind the other are one file system."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.made = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entry("TRAILER!!!", 0, b"")
        self.file.close()

    def add(self, source, target=None):
        """A file or a whole folder of the host, links as what they point to; by default at its own place."""
        source = Path(source)
        target = Path(target or source)
        if source.is_dir():
            for path in sorted(source.iterdir()):
                if path.name != "__pycache__" or "python3" in str(source):
                    self.add(path, target / path.name)
        else:
            self.put(target, source.read_bytes(), stat.S_IMODE(source.stat().st_mode))

    def add_program(self, source, target=None):
        """An executable or a shared object, with the libraries that it loads."""
        self.add(source, target)
        done = subprocess.run(["ldd", source], capture_output=True, text=True)
        for word in done.stdout.split():
            if word.startswith("/"):
                self.add(word)

    def put(self, target, data, mode):
        name = str(target).lstrip("/")
        if name in self.made:
            return
        for folder in reversed(Path(name).parents):
            if str(folder) != "." and str(folder) not in self.made:
                self.made.add(str(folder))
                self._entry(str(folder), stat.S_IFDIR | 0o755, b"")
        self.made.add(name)
        self._entry(name, stat.S_IFREG | mode, data)

    def _entry(self, name, mode, data):
        raw = name.encode() + b"\0"
        fields = (len(self.made), mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        self.file.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))


def why_not():
    """Why no file system can be made; None when it can."""
    missing = [name for name in ("busybox", *PROGRAMS) if not _where(name)]
    return f"{' and '.join(missing)} not installed" if missing else None


def build_base(path, tcpwitness):
    """What every kernel gets: all but the modules."""
    with Archive(path) as archive:
        archive.add(TESTS / "vm" / "init", "/init")
        archive.add(_where("busybox"), "/bin/busybox")
        archive.put("/etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n", 0o644)
        archive.put("/etc/group", b"root:x:0:\n", 0o644)
        archive.add_program(tcpwitness, "/usr/bin/tcpwitness")
        for name in PROGRAMS:
            archive.add_program(_where(name), f"/usr/sbin/{name}")
        archive.add_program(PYTHON.resolve(), PYTHON)
        library = Path(f"/usr/lib/{PYTHON.resolve().name}")
        for part in sorted(library.iterdir()):
            if not part.name.startswith(NOT_NEEDED):
                archive.add(part)
        for part in sorted(library.glob("lib-dynload/*.so")):
            archive.add_program(part)
        archive.add(TESTS / "lab", "/tests/lab")
        archive.add(TESTS / "vm", "/tests/vm")


def build_modules(path, kernel, work):
    """The modules of one kernel that a network can need, uncompressed, with their index."""
    shutil.rmtree(work, ignore_errors=True)
    root = work / "lib/modules" / kernel.release
    for source in sorted(kernel.modules.rglob("*.ko*")):
        place = source.relative_to(kernel.modules)
        if str(place).startswith(MODULES):
            target = root / (str(place).removesuffix(".xz"))
            target.parent.mkdir(parents=True, exist_ok=True)
            data = source.read_bytes()
            target.write_bytes(lzma.decompress(data) if source.suffix == ".xz" else data)
    for source in kernel.modules.glob("modules.*"):
        shutil.copy(source, root)
    subprocess.run([_where("busybox"), "depmod", "-b", work, kernel.release], check=True, capture_output=True)
    with Archive(path) as archive:
        archive.add(work / "lib", "/lib")
    shutil.rmtree(work)


def join(target, *parts):
    with open(target, "wb") as file:
        for part in parts:
            file.write(part.read_bytes())


def _where(name):
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
