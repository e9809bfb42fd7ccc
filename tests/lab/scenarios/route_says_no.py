"""Routes that refuse: prohibit, unreachable and blackhole end connect() with three errnos. Each is no-route, configuration, proven."""

import errno

import traffic

ADDRESS = {4: "10.88.{}.1", 6: "fd88:{}::1"}
PREFIX = {4: "10.88.{}.0/24", 6: "fd88:{}::/64"}
ROUTES = (("prohibit", errno.EACCES), ("unreachable", errno.EHOSTUNREACH), ("blackhole", errno.EINVAL))


def scenario(lab):
    client, _ = lab.pair()
    for number, (kind, _) in enumerate(ROUTES):
        client.ip(f"route add {kind} {PREFIX[lab.family].format(number)}")

    with lab.record(client):
        for number, (kind, error) in enumerate(ROUTES):
            assert client.run(traffic.connect_error, ADDRESS[lab.family].format(number), 5061, name=kind) == error

    found = [finding for finding in lab.read_report().findings if finding["rule"] == "no-route"]
    assert len(found) == len(ROUTES) == len(lab.report.findings), lab.report.findings
    for kind, error in ROUTES:
        (finding,) = [one for one in found if f"a {kind} route" in one["headline"] or f"an {kind} route" in one["headline"]]
        assert (finding["culprit"], finding["certainty"]) == ("local-configuration", "proven"), finding
        assert errno.errorcode[error] in finding["headline"] and "table main" in finding["headline"], finding
