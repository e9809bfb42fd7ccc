"""Web servers and proxies with the least configuration that they run with, for the cases web_*.py."""

import socket
import struct
import subprocess
import time

import programs
import settings
from namespaces import command

ESTABLISHED, CLOSE_WAIT = 1, 8  # the kernel's numbers of TCP's states


def url(lab, host, port, path="/", scheme="http"):
    address = lab.address(host)
    return f"{scheme}://{f'[{address}]' if ':' in address else address}:{port}{path}"


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def nginx(lab, host, listens, server, http="", events="", main="", name="nginx"):
    """nginx with one worker and one `server` block, which listens on this port in both families."""
    folder = lab.folder
    config = programs.write(
        lab,
        f"{name}.conf",
        f"""
        user root; worker_processes 1; daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.error.log info; {main}
        events {{ {events or 'worker_connections 256;'} }}
        http {{
          access_log off; default_type text/plain;
          client_body_temp_path {folder}/{name}.body; proxy_temp_path {folder}/{name}.proxy; fastcgi_temp_path {folder}/{name}.fastcgi;
          uwsgi_temp_path {folder}/{name}.uwsgi; scgi_temp_path {folder}/{name}.scgi;
          {http}
          server {{ {server} }}
        }}
        """,
    )
    return programs.start(lab, host, "nginx", "-c", config, listens=listens, name=name)


def listen(port, *words):
    """nginx's listen directives of both families."""
    return f"listen {' '.join([str(port), *words])}; listen {' '.join([f'[::]:{port}', *words])} ipv6only=on;"


def haproxy(lab, host, listens, config, name="haproxy"):
    """haproxy in the foreground; `config` follows a `defaults` section with short timeouts."""
    path = programs.write(
        lab,
        f"{name}.cfg",
        f"""
global
    maxconn 200
defaults
    mode http
    timeout connect 3s
    timeout client 20s
    timeout server 20s
{config}
""",
    )
    return programs.start(lab, host, "haproxy", "-db", "-f", path, listens=listens, name=name)


def node(lab, host, listens, script, name="node"):
    path = programs.write(lab, f"{name}.js", script)
    return programs.start(lab, host, "node", path, listens=listens, name=name)


def python(lab, host, script, listens=None, name="server"):
    """Debian's own Python, so that the process is called python3."""
    path = programs.write(lab, f"{name}.py", script)
    return programs.start(lab, host, "/usr/bin/python3", "-u", path, listens=listens, name=name)


def curl(lab, host, *words, **more):
    """curl without progress and body; its CompletedProcess, with the HTTP status on stdout."""
    return programs.run(lab, host, "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *words, **more)


def certificate(lab, bits=2048, names=1):
    """A self-signed certificate and its key; many names make it large."""
    key, cert = lab.file("key.pem"), lab.file("cert.pem")
    alternative = ",".join(f"DNS:host-{number}.of.a.long.name.example.test" for number in range(names))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", f"rsa:{bits}", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=example.test",
         "-addext", f"subjectAltName={alternative}"],
        check=True, capture_output=True,
    )  # fmt: skip
    with open(lab.file("both.pem"), "w") as both:
        for path in (cert, key):
            both.write(open(path).read())
    return cert, key


def tcp_state(connection):
    return struct.unpack("B", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0]


def until(condition, seconds=15):
    """Waits until this is true; raises when it does not come true."""
    limit = time.monotonic() + seconds * settings.patience
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError("what the case waits for did not happen")
        time.sleep(0.02)


def await_state(connection, state, seconds=15):
    until(lambda: tcp_state(connection) == state, seconds)


def open_connections(host, port):
    """The connections to this port of a host that are not closed on both sides, as `ss` shows them; the first word is the state."""
    return command("ip", "netns", "exec", host.name, "ss", "-Htn", "state", "connected", "exclude", "time-wait", f"sport = :{port}").splitlines()
