"""Both ends are on this host and nobody listens: that is this host's configuration, and the headline says so. There is no peer host.

The second port has a listener, but at another address than was asked: it is named.
"""

import errno

import traffic

OTHER = {4: "127.0.0.2", 6: "fd77:77::1"}


def scenario(lab):
    host = lab.host("host")
    host.ip("address add fd77:77::1/128 dev lo nodad")
    here = traffic.LOOPBACK[lab.family]

    def serving():
        listener = traffic.listen(8096, lab.family, address=OTHER[lab.family])
        yield
        listener.close()

    program = host.start(serving, name="serving")
    with lab.record(host):
        assert host.run(traffic.connect_error, here, 8095, name="first") == errno.ECONNREFUSED
        assert host.run(traffic.connect_error, here, 8096, name="second") == errno.ECONNREFUSED
    program.finish()

    first, second = lab.read_report().findings
    for found in (first, second):
        assert (found["rule"], found["culprit"], found["certainty"]) == ("connect-refused", "local-configuration", "proven"), found
        assert found["headline"].startswith("nothing listens on "), found
    assert ":8095" in first["headline"] and "only at" not in first["headline"], first
    assert ":8096" in second["headline"] and "only at" in second["headline"] and "serving" in second["headline"], second
