"""A filter that matches nothing is never good news: "0 of N connections match", undecided. `record` warns where no process has the name or number asked for.

Near misses: a filter that matches, whose connection is judged, and a name and a number that a process has.
"""

import errno
import re

import traffic

FAMILIES = (4,)


def scenario(lab):
    client, server = lab.pair()

    def waiting():
        yield

    with lab.record(client, server):
        assert client.run(traffic.connect_error, lab.address(server), 5061) == errno.ECONNREFUSED

    def told(*filters):
        report = lab.read_report(options=filters)
        (verdict,) = report.of("verdict")
        return verdict["verdict"], verdict["sentence"], lab.tcpwitness("report", lab.trace, *filters).stdout

    for filters in (("--port", "8443"), ("--comm", "nobody"), ("--peer-host", "192.0.2.0/24")):
        verdict, sentence, text = told(*filters)
        assert verdict == "undecided" and re.search(rf"\b0 of \d+ connections match {filters[0]} {filters[1]}", sentence), sentence
        assert text.startswith("undecided: 0 of ") and "None, but that is no all-clear" in text, text
    verdict, _, _ = told("--port", "5061")
    assert verdict == "trouble", verdict

    living = server.start(waiting, name="waiting")
    for comm, pid, warned in (("nobody-has-it", 4194303, True), ("waiting", living.pid, False)):
        with lab.record(client, options=("--comm", comm, "--pid", str(pid)), trace=lab.file("other.pcapng")) as recorder:
            pass
        for filter in (f"--comm {comm}", f"--pid {pid}"):
            assert (f"{filter}: no process" in recorder.text) == warned, recorder.text
