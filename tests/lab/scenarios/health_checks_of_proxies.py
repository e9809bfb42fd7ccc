"""Health checks of real proxies and orchestrators, from 5 a second to one in some seconds: connect and RST, connect and close, HTTP and then RST.

haproxy checks nginx by TCP (it resets before the handshake's last ACK) and by HTTP; a kubelet and keepalived are played. Whichever end is recorded,
nothing is found.
"""

import random
import socket
import time

import programs
import traffic

LIMIT = 120
NEEDS = ("haproxy", "nginx")

HAPROXY = """
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
frontend f
    bind {here}:7000
    default_backend b
backend b
    option httpchk GET /
    server web {there}:8080 check inter 500ms
backend tcp
    server fast {there}:8080 check inter 200ms
    server slow {there}:8080 check inter 2s
"""

NGINX = """
daemon off;
master_process off;
error_log /dev/stderr;
pid nginx.pid;
events {{ worker_connections 100; }}
http {{
    access_log off;
    server {{ listen {here}:8080; location / {{ return 200 "fine\\n"; }} }}
}}
"""


def scenario(lab):
    proxy, web = lab.pair("proxy", "web")
    bracket = "[%s]" if lab.family == 6 else "%s"
    here, there = bracket % lab.address(proxy), bracket % lab.address(web)
    nginx = programs.write(lab, "nginx.conf", NGINX.format(here=there))
    haproxy = programs.write(lab, "haproxy.cfg", HAPROXY.format(here="*" if lab.family == 4 else ":::v4v6", there=there).replace(":::v4v6:7000", ":::7000"))
    programs.start(lab, web, "nginx", "-p", lab.folder, "-c", nginx, listens=8080)

    def kubelet():
        for _ in range(4):
            connection = traffic.connect(lab.address(web), 8080)
            traffic.close_with_reset(connection)
            time.sleep(1 + random.random() / 5)

    def keepalived():
        for _ in range(4):
            traffic.connect(lab.address(web), 8080).close()
            time.sleep(1)

    def impatient():
        for _ in range(4):
            connection = traffic.connect(lab.address(web), 8080)
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            connection.recv(1000)
            traffic.close_with_reset(connection)
            time.sleep(1.1)

    programs.start(lab, proxy, "haproxy", "-db", "-f", haproxy, listens=7000)
    try:
        for hosts in ((proxy, web), (proxy,), (web,)):
            with lab.record(*hosts):
                checkers = [proxy.begin(program) for program in (kubelet, keepalived, impatient)]
                for checker in checkers:
                    checker.await_step()
            lab.read_report()
            lab.expect_nothing_else()
            assert lab.report.of("benign"), "the checks are not counted"
    finally:
        programs.end_all()
