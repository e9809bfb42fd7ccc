"""`tcpwitness doctor` lists every probe that `tcpwitness probes` knows, and ends well where the main job can be done."""

FAMILIES = (4,)


def scenario(lab):
    done = lab.tcpwitness("doctor")
    assert done.returncode == 0, f"exit status {done.returncode}: {done.stdout}{done.stderr}"
    optional = [line for line in done.stdout.splitlines() if line.endswith("(optional)")]
    assert len(optional) == 2, f"two optional probes were expected: {done.stdout}"
    assert all(line.split()[1] in ("attached", "fallback", "optional") for line in optional), optional
    for line in lab.tcpwitness("probes").stdout.splitlines():
        if line[:1].strip():
            assert line.split()[0] in done.stdout, f"doctor does not speak of {line.split()[0]}: {done.stdout}"
