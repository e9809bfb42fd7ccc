"""A server has no descriptor left: accept() fails with EMFILE again and again, hundreds of times a second. Another one polls, and finds nothing
to accept (EAGAIN) most of the time.

Each listener's trouble is in the trace, once a second and with the number of calls that were not listed: nothing is told hundreds of times, and
nothing is left out of the count.
"""

import errno
import resource
import time

import traffic

CALLS = 600


def scenario(lab):
    client, server = lab.pair()

    def no_descriptors():
        listener = traffic.listen(5061, lab.family)
        yield
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (listener.fileno() + 1, hard))
        for _ in range(CALLS):
            assert traffic.error_of(listener.accept) == errno.EMFILE
            time.sleep(0.002)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        listener.accept()
        yield

    def polling():
        listener = traffic.listen(5062, lab.family)
        listener.setblocking(False)
        yield
        for _ in range(CALLS):
            assert traffic.error_of(listener.accept) == errno.EAGAIN
        yield

    failing, poller = server.start(no_descriptors), server.start(polling)
    with lab.record(client, server):
        waiting = client.start(connected, lab.address(server))
        failing.step()
        poller.step()
    del waiting

    for process, error in ((failing, "EMFILE"), (poller, "EAGAIN")):
        calls = [call for call in lab.events(server, "call") if call["call"] == "accept" and call["phase"] == "exit" and call["process.pid"] == process.pid]
        failed = [call for call in calls if call.get("error.type") == error]
        assert 1 <= len(failed) < 20, f"{len(failed)} records of {error}"
        told = len(failed) + sum(call.get("failed_before", 0) for call in calls)
        assert told == CALLS, f"{told} failed calls are told, not {CALLS}: {calls}"
        (listener,) = {call["listener_socket_cookie"] for call in failed}
        assert {call["connection"] for call in failed} == {
            connection["id"] for connection in lab.connections(server, "listener") if connection["socket_cookie"] == listener
        }, failed


def connected(address):
    connection = traffic.connect(address, 5061)
    yield
    connection.close()
