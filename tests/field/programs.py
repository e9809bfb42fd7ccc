"""Real programs in a scenario's hosts: servers, proxies and clients from Debian's packages.

    nginx = programs.start(lab, server, "nginx", "-c", config, "-g", "daemon off;", listens=8080)
    curl = programs.run(lab, client, "curl", "-m", "3", url)      # a CompletedProcess: returncode, stdout, stderr

Whatever they start ends with the scenario: this process adopts what its children leave behind (PR_SET_CHILD_SUBREAPER), and programs.end_all()
kills by pid what is left.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import time

import settings
from processes import Process, die_with_parent, enter_namespace

PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def write(lab, name, text):
    """A file (a configuration) in the scenario's own folder; its path."""
    path = lab.file(name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(lab.folder, 0o755)
    return path


def start(lab, host, *words, listens=None, user=None, env=None, name=None, wait=10):
    """Starts a program on a host and returns its Popen; `listens`: returns once this port is listened on there. stdout and stderr go to the
    file NAME.log of the scenario's folder."""
    log = open(lab.file(f"{name or os.path.basename(words[0])}.log"), "a")
    process = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=lambda: _enter(host, user), env={**os.environ, **(env or {})}
    )
    log.close()
    limit = time.monotonic() + wait * settings.patience
    while listens is not None and not listening(host, listens):
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"{' '.join(words)} does not listen on port {listens}: {open(log.name).read()[-2000:]}")
        time.sleep(0.05)
    return process


def run(lab, host, *words, user=None, env=None, input=None, timeout=60):
    """Runs a program on a host to its end; stdout and stderr as text."""
    return subprocess.run(
        words, capture_output=True, text=True, input=input, timeout=timeout * settings.patience,
        preexec_fn=lambda: _enter(host, user), env={**os.environ, **(env or {})},
    )  # fmt: skip


def listening(host, port):
    done = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, preexec_fn=lambda: enter_namespace(host.path))
    return bool(done.stdout.strip())


def end_all():
    """Kills every process that this one has left, however deep, until none is."""
    for _ in range(50):
        lab_programs = {process.pid for process in Process.running}  # the lab ends these itself
        children = [pid for pid in _children(os.getpid()) if pid not in lab_programs]
        if not children:
            return
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        time.sleep(0.02)


def _children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


def _enter(host, user):
    die_with_parent()
    enter_namespace(host.path)
    if user:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
