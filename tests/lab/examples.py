"""Cuts the example of one finding out of a text report: the finding, and the first lines of the timeline that shows it."""

import re
import socket
from pathlib import Path

from namespaces import PREFIX

MOST_LINES = 30  # of a timeline


def shortened(lines):
    """All of a short timeline; of a long one how it begins, and what is marked or evidence."""
    if len(lines) <= MOST_LINES:
        return lines
    kept = [number for number, line in enumerate(lines) if number < 10 or re.match(r"!|  \[", line)][:MOST_LINES]
    shown = []
    for number, line in enumerate(lines):
        if number in kept:
            shown.append(line)
        elif shown[-1] != "  ...":
            shown.append("  ...")
    return shown

def write_example(folder, rule, report):
    report = re.sub(rf"{PREFIX}-\d+-", "", report)
    report = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "host", report)
    findings, _, timelines = report.partition("\nTIMELINES")
    blocks = findings.split("\n\n")
    block = next((block for block in blocks if re.match(rf"\[\d+\] {re.escape(rule)} ", block.lstrip())), None)
    block = block or next((block for block in blocks if f"    state: {rule}: " in block), None)  # told beside the finding that caused it
    assert block, f"the report has no finding {rule}:\n{report}"
    text = block.strip("\n") + "\n"
    number = re.match(r"\[(\d+)\]", text)[1]
    for timeline in re.split(r"\n(?=#\d)", timelines)[1:]:
        if re.search(rf"\[{number}\]", timeline.splitlines()[0]):
            lines = timeline.split("\n\nOTHER CONNECTIONS")[0].strip("\n").splitlines()
            text += "\n" + "\n".join(shortened(lines)) + "\n"
            break
    path = Path(folder) / f"{rule}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line.rstrip() + "\n" for line in text.splitlines()))
