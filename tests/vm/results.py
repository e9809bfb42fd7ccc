"""What a machine reported, and what is kept of it for docs/kernels.md: {"kernel", "counts", "probes", "scenarios"}."""

import json

MARK = "result "


def parse(line):
    """The result that the machine's last line tells; None for any other line."""
    return json.loads(line.removeprefix(MARK)) if line.startswith(MARK + "{") else None


def keep(folder, series, result, anew):
    """Of every scenario the newest result counts. `anew` forgets what was kept before; so does a kernel of another release."""
    before = None if anew else kept(folder, series)
    if before and before["kernel"] == result["kernel"]:
        probes = {name: dict(probe) for name, probe in before["probes"].items()}
        for name, probe in result["probes"].items():
            probes[name] = {"status": probe["status"], "events": probe["events"] + probes.get(name, {"events": 0})["events"]}
        scenarios = dict(before["scenarios"])
        for name, families in result["scenarios"].items():
            scenarios[name] = scenarios.get(name, {}) | families
        result = result | {"probes": probes, "scenarios": scenarios}
    _path(folder, series).write_text(json.dumps(result))


def kept(folder, series):
    """None before the first run."""
    path = _path(folder, series)
    return json.loads(path.read_text()) if path.exists() else None


def _path(folder, series):
    return folder / f"{series}.result"
