"""The programs, maps and links of the kernel's that a process holds open."""

import os
import re


def held_by(pid):
    """(kind, id) of each, sorted. The process may close a descriptor while it is looked at."""
    folder = f"/proc/{pid}/fdinfo"
    infos = []
    for number in os.listdir(folder):
        try:
            with open(os.path.join(folder, number)) as file:
                infos.append(file.read())
        except FileNotFoundError:
            pass
    return sorted(set(re.findall(r"^(prog|map|link)_id:\s+(\d+)$", "".join(infos), re.MULTILINE)))
