"""What the cases about networks share: iptables in both families, a switch, nginx and curl in a scenario's hosts."""

import programs
from namespaces import command

SWITCHED = {4: "10.77.9.{}", 6: "fd77:9::{}"}


def iptables(lab, host, *rules):
    """Rules as an administrator types them, without the program's name; in the family of this run."""
    program = "iptables" if lab.family == 4 else "ip6tables"
    for rule in rules:
        done = programs.run(lab, host, program, "-w", *rule.split())
        if done.returncode != 0:
            raise RuntimeError(f"{program} {rule}: {done.stderr.strip()}")


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def host_prefix(lab):
    return 32 if lab.family == 4 else 128


def switch(lab, name, ports):
    """A host that is a switch, with {host: number}: each gets a device eth0 with SWITCHED[family].format(number) and a MAC of its own.
    Nobody knows a neighbour beforehand."""
    middle = lab.host(name)
    middle.ip("link add br0 type bridge", "link set br0 up")
    for number, (host, last) in enumerate(ports.items()):
        command(
            *("ip", "link", "add", "eth0", "netns", host.name, "address", mac(number), "type", "veth"),
            *("peer", "name", f"port{number}", "netns", middle.name),
        )
        middle.ip(f"link set port{number} master br0", f"link set port{number} up")
        host.ip(
            f"address add {SWITCHED[4].format(last)}/24 dev eth0",
            f"address add {SWITCHED[6].format(last)}/64 dev eth0 nodad",
            "link set eth0 up",
        )
        for family in (4, 6):
            host.addresses.setdefault(family, SWITCHED[family].format(last))
    return middle


def mac(number):
    return f"02:77:00:09:00:{number:02x}"


def nginx(lab, host, servers, listens, name="nginx"):
    """nginx with these server blocks, as one worker; returns once it listens."""
    config = programs.write(
        lab,
        f"{name}.conf",
        f"""
        daemon off;
        user root;
        worker_processes 1;
        pid {lab.file(name + ".pid")};
        error_log {lab.file(name + ".error.log")};
        events {{ }}
        http {{
          access_log off;
          client_body_temp_path {lab.file(name + ".body")};
          proxy_temp_path {lab.file(name + ".proxy")};
          fastcgi_temp_path {lab.file(name + ".fastcgi")};
          uwsgi_temp_path {lab.file(name + ".uwsgi")};
          scgi_temp_path {lab.file(name + ".scgi")};
          {servers}
        }}
        """,
    )
    return programs.start(lab, host, "nginx", "-e", lab.file(name + ".error.log"), "-c", config, listens=listens, name=name)


def listen_on(lab, port):
    """nginx's `listen` words for the family of this run."""
    return f"{port}" if lab.family == 4 else f"[::]:{port}"


def curl(lab, host, address, port, *options, path="/", scheme="http"):
    """curl's exit status."""
    return programs.run(
        lab, host, "curl", "-sS", "-o", "/dev/null", *options, f"{scheme}://{bracketed(address)}:{port}{path}"
    ).returncode
