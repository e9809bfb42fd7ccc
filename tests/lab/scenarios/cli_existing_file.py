"""`record -w FILE` does not overwrite a file, unless --force says so."""

FAMILIES = (4,)


def scenario(lab):
    host = lab.host("host")
    with open(lab.trace, "w") as file:
        file.write("dear data")
    done = lab.tcpwitness("record", "-w", lab.trace, "--netns", host.name, "--", "true")
    assert done.returncode != 0, "an existing file was accepted"
    assert lab.trace in done.stderr and "--force" in done.stderr, f"the message does not help: {done.stderr}"
    with open(lab.trace) as file:
        assert file.read() == "dear data", "the existing file was touched"

    done = lab.tcpwitness("record", "-w", lab.trace, "--force", "--netns", host.name, "--", "true")
    assert done.returncode == 0, done.stderr
    lab.read_report()
