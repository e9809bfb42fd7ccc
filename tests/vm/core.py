"""The scenarios that every run of the tests plays on every other kernel; the rest takes `--all`.

Chosen for what differs between kernels (the reason of a reset, drops, inferences that stand in for both), for the program's main promise, and for the
count of losses. Emulation costs seconds of processor for each.
"""

CORE = (
    "cli_demo",
    "reset_forged",
    "refused",
    "refused_by_own_firewall",
    "linger_zero",
    "close_with_unread_data",
    "data_after_close",
    "reject_on_server",
    "server_killed",
    "syns_dropped_here",
    "user_timeout",
    "no_route",
    "neighbour_silent",
    "path_mtu_blackhole",
    "accept_queue_overflow",
    "syn_flood",
    "losses",
)
