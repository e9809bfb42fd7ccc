"""`record -- COMMAND` runs the command, records while it runs, and ends with the command's own exit status."""

FAMILIES = (4,)


def scenario(lab):
    host = lab.host("host")
    for words, status in ((["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -TERM $$"], 128 + 15)):
        done = lab.tcpwitness("record", "-w", lab.trace, "--force", "--netns", host.name, "--", *words)
        assert done.returncode == status, f"{words}: exit status {done.returncode}, expected {status}: {done.stderr}"
        lab.read_report()
    done = lab.tcpwitness("record", "-w", lab.trace, "--force", "--netns", host.name, "--", "/no/such/program")
    assert done.returncode in (1, 126, 127), f"a command that does not exist: exit status {done.returncode}: {done.stderr}"
    assert "/no/such/program" in done.stderr, done.stderr
