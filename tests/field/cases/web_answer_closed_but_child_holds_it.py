"""A request hangs although the server answered and closed: a background job that it started inherited the connection.

The client waits for the end of the answer. No FIN is sent while the job runs, since its copy of the descriptor keeps the connection open. Both ends are
recorded.
"""

import os
import subprocess

import traffic
import web_common
from judge import expected

SOURCE = "php/php-src: exec() of a background command keeps the request's connection open; Python's PEP 446 on inherited descriptors"
NEEDS = ("curl",)
RIGHT = [expected(("server-silent", "hung-service"), "local-application", mentions=["backgroundjob"])]
ACCEPTABLE = [[expected(("server-silent", "hung-service", "unexplained"), ("local-application", "peer-application"), at_most="likely", mentions=["webd"])]]


def scenario(lab):
    client, server = lab.pair()
    job = lab.file("backgroundjob")
    os.symlink("/bin/sleep", job)

    def service():
        listener = traffic.listen(8080, lab.family)
        yield
        connection, _ = listener.accept()
        connection.recv(1000)
        os.set_inheritable(connection.fileno(), True)
        child = subprocess.Popen([job, "30"], close_fds=False)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nstarted\n")
        connection.close()
        yield
        child.kill()

    program = server.start(service, name="webd")
    program.go()
    with lab.record(client, server):
        assert web_common.curl(lab, client, "-m", "4", web_common.url(lab, server, 8080)).returncode == 28
    program.await_step()
    program.finish()
