"""What a field case expects, and how the report is judged against it.

A case states its verdicts as alternatives: RIGHT is what a person who knows the whole truth would say; ACCEPTABLE lists what is true but says less
(less sure, or only the symptom). Each alternative is a list of expected findings; every one of them must be there, and no other finding but those in
BESIDE (true side effects that may be told or not).
"""

from dataclasses import dataclass

CERTAINTY = {"possible": 0, "likely": 1, "proven": 2}


def _tuple(value):
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


@dataclass(frozen=True)
class Expected:
    """One finding: rule and culprit (one or several that are equally right), how sure it may be at most and must be at least, and words that its
    headline or reasons must hold, each."""

    rule: tuple
    culprit: tuple
    at_least: str = "possible"
    at_most: str = "proven"
    mentions: tuple = ()

    def meets(self, finding):
        told = " ".join([finding["headline"], *finding["reasons"]])
        return (
            finding["rule"] in self.rule
            and (not self.culprit or finding["culprit"] in self.culprit)
            and CERTAINTY[self.at_least] <= CERTAINTY[finding["certainty"]] <= CERTAINTY[self.at_most]
            and all(word in told for word in self.mentions)
        )

    def text(self):
        sure = self.at_most if self.at_least == "possible" else f"{self.at_least} to {self.at_most}" if self.at_least != self.at_most else self.at_most
        return f"{' or '.join(self.rule)}, {' or '.join(self.culprit) or 'any culprit'}, {'at most ' if self.at_least == 'possible' and self.at_most != 'possible' else ''}{sure}"


def expected(rule, culprit=None, at_least="possible", at_most="proven", mentions=()):
    return Expected(_tuple(rule), _tuple(culprit), at_least, at_most, tuple(str(word) for word in _tuple(mentions)))


NONE = ()  #: an alternative: no finding at all


def fits(alternative, beside, findings):
    """Whether each expected finding is there, and no other."""
    left = list(findings)
    for one in alternative:
        match = next((finding for finding in left if one.meets(finding)), None)
        if match is None:
            return False
        left.remove(match)
    # Further findings of the same kind (another witness, another port) and true side effects are no fault.
    return all(any(one.meets(finding) for one in (*alternative, *beside)) for finding in left)


def judge(module, findings):
    """("right" | "acceptable" | "wrong", whether a wrong one was told as proven)."""
    beside = tuple(getattr(module, "BESIDE", ()))
    if fits(module.RIGHT, beside, findings):
        return "right", False
    if any(fits(alternative, beside, findings) for alternative in getattr(module, "ACCEPTABLE", ())):
        return "acceptable", False
    known = [one for alternative in (module.RIGHT, *getattr(module, "ACCEPTABLE", ())) for one in alternative] + list(beside)
    over_certain = any(finding["certainty"] == "proven" and not any(one.meets(finding) for one in known) for finding in findings)
    return "wrong", over_certain
