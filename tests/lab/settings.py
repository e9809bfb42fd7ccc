"""How this run of the lab differs from the usual one; set once by tests/lab/run."""

patience = 1  # factor on every time limit: an emulated machine takes longer
probes_file = None  # where each report notes what its probes recorded, a JSON object a line
