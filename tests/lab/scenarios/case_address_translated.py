"""The device in the middle translates the edge's address besides: the two traces share no tuple, only sequence numbers.

The sessions are joined by them, the translation is named, and the forged resets stay proven.
"""

from forged_reset_case import forged_reset
from other_host import as_other_host

LIMIT = 90


def scenario(lab):
    hosts = edge, mid, fe = lab.chain()
    mid.nft("""
        table inet nat {
          chain post {
            type nat hook postrouting priority 100;
            oifname "to-fe" masquerade
          }
        }
    """)
    mine, theirs = lab.file("edge.pcapng"), lab.file("fe.pcapng")
    forged_reset(lab, hosts, lab.record(edge, trace=mine), lab.record(fe, trace=theirs))

    elsewhere = as_other_host(theirs, lab.file("elsewhere.pcapng"), shift_s=-13.99)
    lab.read_report([mine, elsewhere])
    lab.expect("reset-forged", culprit="path", certainty="proven")
    lab.expect_nothing_else()
    text = lab.tcpwitness("report", mine, elsewhere, "--color", "never").stdout
    assert "translated" in text, f"the translation is not told: {text}"
