-- Shows the records of a tcpwitness trace between its packets: what the application called, what the kernel's TCP decided, and why.
--
--   wireshark -X lua_script:tcpwitness.lua trace.pcapng
--   tshark -X lua_script:tcpwitness.lua -r trace.pcapng -Y 'tcpwitness.kind == "reset_sent"'
--
-- or copy this file into the folder that Wireshark's Help > About > Folders names "Personal Lua Plugins". Records are packets of link type
-- USER0; their layout is bpf/records.h, every number in it little-endian.

local proto = Proto("tcpwitness", "tcpwitness record")

-- Names by number ---------------------------------------------------------------------------------------------------------------------

local KIND = {
    [1] = "call", [2] = "state", [3] = "timer", [4] = "retransmit", [5] = "synack_retransmit", [6] = "error", [7] = "reset_received",
    [8] = "reset_sent", [9] = "destroy", [10] = "process_exit", [11] = "packet", [12] = "snapshot", [13] = "gap", [14] = "meta",
    [15] = "drop", [16] = "icmp", [17] = "route", [18] = "neighbour", [19] = "queue", [20] = "option", [21] = "sample", [23] = "environment",
    [24] = "repeats",
}
local PROBE = {
    [0] = "state", "error", "destroy", "reset_received", "reset_sent", "retransmit", "synack_retransmit", "timer_armed", "timer_fired",
    "call_enter", "call_exit", "process_exit", "packet_in", "packet_out", "snapshot_files", "snapshot_tcp", "collector",
    [17] = "drop", [18] = "neighbour_asked", [19] = "neighbour_changed", [20] = "route", [21] = "neighbour_failed", [22] = "route6",
    [23] = "queue", [24] = "option", [25] = "sample",
}
local STATE = {
    [0] = "NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN",
    "CLOSING", "NEW_SYN_RECV",
}
local OP = { "socket", "bind", "listen", "connect", "accept", "shutdown" }
local TIMER = { [0] = "none", [1] = "RTO", [3] = "zero-window probe", [5] = "loss probe", [6] = "reordering", [32] = "keepalive" }
local ENVIRONMENT = { "found", "appeared", "changed", "gone", "counted", "unreadable" }
local HOOK = { [0] = "prerouting", "input", "forward", "output", "postrouting", "ingress" }
local RESET_BY = { [0] = "unknown", "close", "listener_close", "connect", "sock_destroy", "kernel" }
local TIMER_WHAT = { "armed", "fired" }
local REPEATED = { "RSTs sent without a socket", "SYNs and RSTs in", "SYNs and RSTs out", "packets without a socket dropped",
                   "SYNs in that no connection came of", "SYN-ACKs out that no connection came of", "SYN-ACKs sent again" }
local QUEUE = { "listener", "receive", "send", "counters" }
local RETRANSMIT = { "SYN", "RTO", "fast", "loss probe", "SYN-ACK" }
local CONGESTION = { [0] = "Open", "Disorder", "CWR", "Recovery", "Loss" }
local ERRNO = {
    [1] = "EPERM", [4] = "EINTR", [9] = "EBADF", [11] = "EAGAIN", [12] = "ENOMEM", [13] = "EACCES", [14] = "EFAULT", [22] = "EINVAL",
    [23] = "ENFILE", [24] = "EMFILE", [32] = "EPIPE", [71] = "EPROTO", [88] = "ENOTSOCK", [90] = "EMSGSIZE", [92] = "ENOPROTOOPT",
    [93] = "EPROTONOSUPPORT", [95] = "EOPNOTSUPP", [97] = "EAFNOSUPPORT", [98] = "EADDRINUSE", [99] = "EADDRNOTAVAIL", [100] = "ENETDOWN",
    [101] = "ENETUNREACH", [102] = "ENETRESET", [103] = "ECONNABORTED", [104] = "ECONNRESET", [105] = "ENOBUFS", [106] = "EISCONN",
    [107] = "ENOTCONN", [110] = "ETIMEDOUT", [111] = "ECONNREFUSED", [112] = "EHOSTDOWN", [113] = "EHOSTUNREACH", [114] = "EALREADY",
    [115] = "EINPROGRESS", [125] = "ECANCELED", [512] = "ERESTARTSYS",
}
local OPTION = {
    [1] = { [4] = "SO_ERROR", [7] = "SO_SNDBUF", [8] = "SO_RCVBUF", [9] = "SO_KEEPALIVE", [13] = "SO_LINGER", [15] = "SO_REUSEPORT" },
    [6] = {
        "TCP_NODELAY", [4] = "TCP_KEEPIDLE", [5] = "TCP_KEEPINTVL", [6] = "TCP_KEEPCNT", [7] = "TCP_SYNCNT", [9] = "TCP_DEFER_ACCEPT",
        [12] = "TCP_QUICKACK", [18] = "TCP_USER_TIMEOUT",
    },
}
local DIRECTION = { "in", "out" }
local ROUTE = { [0] = "no route", [6] = "blackhole", [7] = "unreachable", [8] = "prohibit" }
local NEIGHBOUR = { "incomplete", "failed", "changed" }
local TABLE = { [253] = "default", [254] = "main", [255] = "local" }
local ICMP = { [3] = "destination unreachable", [5] = "redirect", [8] = "echo request", [11] = "time exceeded", [12] = "parameter problem" }
local ICMP6 = { "destination unreachable", "packet too big", "time exceeded", "parameter problem", [128] = "echo request" }
local FLAG_NAMES = { { 2, "SYN" }, { 1, "FIN" }, { 4, "RST" }, { 8, "PSH" }, { 16, "ACK" } }

-- What the running kernel called its reasons to reset and to drop, learnt from the trace's metadata records.
local reset_reasons, drop_reasons = {}, {}

function proto.init() reset_reasons, drop_reasons = {}, {} end

-- Fields ------------------------------------------------------------------------------------------------------------------------------

local fields = {}

local function field(make, name, label, ...) fields[name] = make("tcpwitness." .. name, label, ...) end

local function strings(list)
    for name, label in pairs(list) do field(ProtoField.string, name, label) end
end

local function numbers(make, list)
    for name, label in pairs(list) do field(make, name, label, base.DEC) end
end

strings {
    kind = "Kind", comm = "Command name", ["local.address"] = "Local address", ["peer.address"] = "Peer address", address = "Address",
    reason = "Reset reason", drop_reason = "Drop reason", place = "Kernel function", netfilter_function = "Function of the netfilter hook",
    device = "Device", marker = "Marker", icmp_sender = "ICMP sender", icmp_receiver = "ICMP receiver", mac = "Link-layer address",
    old_mac = "Old link-layer address", ["error.name"] = "Error name", key = "Key", value = "Value", option = "Socket option",
    process_state = "State of the process", process_call = "System call of the process", process_wait = "Where the process waits", topic = "Topic", name = "Name", before = "Before",
    after = "After", malformed = "Malformed",
}
numbers(ProtoField.uint8, {
    retransmits = "Retransmits", backoff = "Backoff", timeouts = "Timeouts", probes_out = "Probes out", pending = "Pending timer",
    shutdown = "Shutdown", ttl = "TTL or hop limit", icmp_type = "ICMP type", icmp_code = "ICMP code", arp_probes = "Probes sent", prefix_length = "Prefix length",
})
numbers(ProtoField.uint16, {
    quoted_length = "Length of the quoted packet", echo_payload = "Echo payload", echo_id = "Echo id", echo_seq = "Echo sequence number",
    cpu = "CPU", size = "Size", ["local.port"] = "Local port", ["peer.port"] = "Peer port", port = "Port",
})
numbers(ProtoField.uint32, {
    seq = "Record number", netns = "Network namespace", pid = "Process", tid = "Thread", backlog = "Backlog", timeout_ms = "Timeout (ms)",
    srtt_us = "SRTT (us)", rto_us = "RTO (us)", snd_una = "Oldest unacknowledged", snd_nxt = "Next to send", write_seq = "End of written",
    rcv_nxt = "Next expected", copied_seq = "Read up to", unacknowledged = "Unacknowledged bytes", unread = "Unread bytes",
    cwnd = "Congestion window", recv_idle_ms = "Idle since receiving (ms)", send_idle_ms = "Idle since sending (ms)",
    segment_seq = "Segment sequence number", segment_end_seq = "Segment end", segment_ack = "Segment acknowledgement", isn = "Our ISN",
    peer_isn = "Peer's ISN", segs_out = "Segments sent", segs_in = "Segments received", total_retransmits = "Total retransmits",
    accept_queue = "Accept queue", accept_max = "Accept queue limit", syn_queue = "Half-open connections", drops = "Packets dropped",
    overflows = "Accept queue overflows", syn_cookies = "SYN cookies sent", receive_window = "Receive window",
    receive_buffer = "Receive buffer", send_window = "Peer's window", send_buffer = "Send buffer", threads = "Threads of the process",
    drop_reason_number = "Drop reason number", payload = "Payload bytes", ifindex = "Device index", mtu = "Next hop's MTU", table = "Routing table",
    user_timeout_ms = "TCP_USER_TIMEOUT (ms)", rttvar_us = "RTT variation (us)", ssthresh = "Slow start threshold", unsent = "Unsent bytes",
    busy_ms = "Busy (ms)", rwnd_limited_ms = "Limited by the peer's window (ms)", sndbuf_limited_ms = "Limited by the send buffer (ms)",
})
numbers(ProtoField.int32, {
    error = "Error", ret = "Result", fd = "File descriptor", argument = "Argument", reason_number = "Reset reason number",
    exit_code = "Exit status", signal = "Signal", option_value = "Option value", linger_s = "Linger (s)",
})
numbers(ProtoField.uint64, {
    time_ns = "Boot clock (ns)", enter_ns = "Entered at (ns)", cgroup = "Control group", bytes_acked = "Bytes acknowledged (with SYN, FIN)",
    bytes_received = "Bytes received (with FIN)", lost = "Records lost", from_ns = "From (ns)", to_ns = "To (ns)", took_ns = "Took (ns)",
    since_ns = "Since (ns)", count = "Count",
})
for name, entry in pairs {
    state = { "State", STATE }, old_state = { "Old state", STATE }, new_state = { "New state", STATE }, op = { "Call", OP },
    timer = { "Timer", TIMER }, timer_what = { "Timer event", TIMER_WHAT }, retransmit = { "Retransmit", RETRANSMIT },
    ca_state = { "Congestion state", CONGESTION }, probe = { "Probe", PROBE }, lost_probe = { "Lost by probe", PROBE },
    queue = { "Queue", QUEUE }, direction = { "Direction", DIRECTION }, route = { "Route", ROUTE }, neighbour = { "Neighbour", NEIGHBOUR },
    what = { "What became of it", ENVIRONMENT }, by = { "Reset by", RESET_BY },
} do
    field(ProtoField.uint8, name, entry[1], base.DEC, entry[2])
end
for name, label in pairs {
    nonblocking = "Non-blocking", unfinished = "Unfinished", closed_by_application = "Closed by the application",
    linger = "SO_LINGER on", out_of_memory = "Chosen by the OOM killer", answers_segment = "Answers a segment", has_socket = "Has a socket",
    over = "Over", window_closed = "Window closed", send_buffer_full = "Send buffer full", accepted = "Accepted by a process",
} do
    field(ProtoField.bool, name, label)
end
field(ProtoField.uint64, "cookie", "Socket cookie", base.HEX)
field(ProtoField.uint64, "listener", "Listener's cookie", base.HEX)
field(ProtoField.uint32, "socket_id", "Socket id", base.HEX)
field(ProtoField.uint8, "segment_flags", "Flags of the segment answered", base.HEX)
field(ProtoField.ipv4, "local.ipv4", "Local IPv4 address")
field(ProtoField.ipv4, "peer.ipv4", "Peer IPv4 address")
field(ProtoField.ipv6, "local.ipv6", "Local IPv6 address")
field(ProtoField.ipv6, "peer.ipv6", "Peer IPv6 address")
proto.fields = fields

local malformed = ProtoExpert.new("tcpwitness.damaged", "Damaged record", expert.group.MALFORMED, expert.severity.ERROR)
local trouble = ProtoExpert.new("tcpwitness.trouble", "Timeout, reset or error", expert.group.SEQUENCE, expert.severity.WARN)
proto.experts = { malformed, trouble }

-- Reading -----------------------------------------------------------------------------------------------------------------------------

-- Adds a little-endian number to the tree and returns it.
local function number(tree, name, range)
    tree:add_le(fields[name], range)
    return range:len() == 8 and range:le_uint64() or range:le_uint()
end

local function signed(tree, name, range)
    tree:add_le(fields[name], range)
    return range:le_int()
end

-- What drives a terminal, turns the reading direction or is invisible; as userspace/base/text.cpp has it.
local HIDDEN = {
    { 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd }, { 0x70f, 0x70f },
    { 0x890, 0x891 }, { 0x8e2, 0x8e2 }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
    { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
    { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd }, { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
}
local LEAST = { 0, 0x80, 0x800, 0x10000 }

-- The code point at a place of a text and its length in bytes; nothing where no valid UTF-8 begins.
local function character(text, at)
    local lead = text:byte(at)
    if lead < 0x80 then return lead, 1 end
    local length = (lead >= 0xf0 and lead < 0xf5 and 4) or (lead >= 0xe0 and lead < 0xf0 and 3) or (lead >= 0xc2 and lead < 0xe0 and 2)
    if not length or at + length - 1 > #text then return nil end
    local code = lead % (length == 2 and 0x20 or length == 3 and 0x10 or 0x08)
    for i = 1, length - 1 do
        local more = text:byte(at + i)
        if more < 0x80 or more > 0xbf then return nil end
        code = code * 64 + more - 0x80
    end
    if code < LEAST[length] or code > 0x10ffff or (code >= 0xd800 and code <= 0xdfff) then return nil end
    return code, length
end

-- Text of others (a process chooses its own name) with a '?' for what must not reach a terminal or mislead a reader.
local function printable(text)
    if not text:find("[^\x20-\x7e]") then return text end
    local out, at = {}, 1
    while at <= #text do
        local code, length = character(text, at)
        local hidden = not code
        for _, range in ipairs(HIDDEN) do hidden = hidden or (code >= range[1] and code <= range[2]) end
        out[#out + 1] = hidden and "?" or text:sub(at, at + length - 1)
        at = at + (length or 1)
    end
    return table.concat(out)
end

-- Of a text in a record up to its first NUL.
local function text_of(range) return printable(range:raw():match("^[^%z]*")) end

local function made(tree, name, value) tree:add(fields[name], value):set_generated() end

local function name_of(names, value) return names[value] or tostring(value) end

local function errno_name(error) return ERRNO[error] or ("errno " .. error) end

local function duration(ns)
    if ns < 1e3 then return string.format("%d ns", ns) end
    if ns < 1e6 then return string.format("%d us", math.floor(ns / 1e3)) end
    if ns < 1e7 then return string.format("%.1f ms", ns / 1e6) end
    if ns < 1e9 then return string.format("%d ms", math.floor(ns / 1e6)) end
    if ns < 6e10 then return string.format("%.1f s", ns / 1e9) end
    return string.format("%d min %02d s", math.floor(ns / 6e10), math.floor(ns / 1e9) % 60)
end

local function flag_names(flags)
    local names = {}
    for _, flag in ipairs(FLAG_NAMES) do
        if bit32.band(flags, flag[1]) ~= 0 then names[#names + 1] = flag[2] end
    end
    return table.concat(names, ",")
end

-- struct tw_task; returns "client[500]", or nothing where the kernel did not know.
local function add_task(tree, body, at)
    local pid = number(tree, "pid", body(at, 4))
    number(tree, "tid", body(at + 4, 4))
    number(tree, "cgroup", body(at + 8, 8))
    local comm = text_of(body(at + 16, 16))
    tree:add(fields.comm, body(at + 16, 16), comm)
    if pid ~= 0 then return string.format("%s[%d]", comm, pid) end
end

local SYN_OUTSTANDING = { [2] = true, [3] = true, [12] = true }
local FIN_OUTSTANDING = { [4] = true, [9] = true, [11] = true }
local FIN_RECEIVED = { [6] = true, [8] = true, [9] = true, [11] = true }
local CLOSED = 7

-- A distance between sequence numbers; one that runs backwards comes from a socket that is not set up. SYN and FIN are no bytes.
local function bytes_between(from, to, control)
    local bytes = (to - from) % 4294967296
    if bytes >= 2147483648 then return 0 end
    return bytes > 0 and control and bytes - 1 or bytes
end

-- struct tw_tcp. A closed socket's numbers do not tell whether SYN or FIN, or what tcp_disconnect() added, are among them: no bytes are told then.
local function add_tcp(tree, body, state)
    local tcp = {}
    for i, name in ipairs { "snd_una", "snd_nxt", "write_seq", "rcv_nxt", "copied_seq", "srtt_us", "rto_us", "cwnd", "recv_idle_ms", "send_idle_ms" } do
        tcp[name] = number(tree, name, body(i * 4 - 4, 4))
    end
    for i, name in ipairs { "ca_state", "retransmits", "backoff", "probes_out", "pending", "shutdown", "closed_by_application" } do
        tcp[name] = number(tree, name, body(39 + i, 1))
    end
    if state == CLOSED then return tcp end
    tcp.unacknowledged = bytes_between(tcp.snd_una, tcp.write_seq, SYN_OUTSTANDING[state] or FIN_OUTSTANDING[state])
    tcp.unread = bytes_between(tcp.copied_seq, tcp.rcv_nxt, FIN_RECEIVED[state])
    made(tree, "unacknowledged", tcp.unacknowledged)
    made(tree, "unread", tcp.unread)
    return tcp
end

-- Kinds -------------------------------------------------------------------------------------------------------------------------------
-- Each: the least length of its body, and a function that adds its fields and returns its sentence, and true where that is trouble.

local kinds = {}

kinds.call = { 72, function(tree, body, head)
    local entered = number(tree, "enter_ns", body(0, 8))
    number(tree, "listener", body(8, 8))
    local caller = add_task(tree, body, 16)
    local ret = signed(tree, "ret", body(52, 4))
    local fd = signed(tree, "fd", body(56, 4))
    local argument = signed(tree, "argument", body(60, 4))
    local op = number(tree, "op", body(64, 1))
    local flags = body(65, 1):uint()
    local unfinished = bit32.band(flags, 2) ~= 0
    made(tree, "nonblocking", bit32.band(flags, 1) ~= 0)
    made(tree, "unfinished", unfinished)
    -- socket() has no enter record, and a call that began before the recording has none either: how long it took is not known.
    local told = entered ~= UInt64.new(0) and op ~= 1
    local took = told and (head.time - entered):tonumber() or 0
    local after = told and " after " .. duration(math.max(took, 0)) or ""
    local what = name_of(OP, op) .. "()"
    if op == 3 then what = string.format("listen(%d)", argument) end
    if caller then what = caller .. " " .. what end
    if unfinished then return what .. ": still inside when the recording ended" end
    if told then made(tree, "took_ns", UInt64.new(math.max(took, 0))) end
    if ret < 0 then
        made(tree, "error", -ret)
        made(tree, "error.name", errno_name(-ret))
        -- EINPROGRESS and EAGAIN are how a non-blocking call says "later".
        return string.format("%s = -%s%s", what, errno_name(-ret), after), ret ~= -115 and ret ~= -11
    end
    if op == 1 or op == 5 then return string.format("%s = fd %d%s", what, ret, after) end
    return string.format("%s = %d on fd %d%s", what, ret, fd, after)
end }

kinds.state = { 16, function(tree, body)
    number(tree, "pid", body(0, 4))
    number(tree, "tid", body(4, 4))
    local old, new = number(tree, "old_state", body(8, 1)), number(tree, "new_state", body(9, 1))
    local sentence = string.format("state %s -> %s", name_of(STATE, old), name_of(STATE, new))
    local soft = body(10, 2):le_uint()
    if soft ~= 0 then
        made(tree, "error.name", errno_name(soft))
        sentence = sentence .. ", soft error " .. errno_name(soft)
    end
    if new ~= 10 then return sentence end
    return string.format("%s, accept queue limit %d", sentence, number(tree, "backlog", body(12, 4)))
end }

kinds.timer = { 20, function(tree, body)
    local timeout = number(tree, "timeout_ms", body(0, 4))
    local snd_una = number(tree, "snd_una", body(4, 4))
    number(tree, "srtt_us", body(8, 4))
    number(tree, "rto_us", body(12, 4))
    local what, timer = number(tree, "timer_what", body(16, 1)), name_of(TIMER, number(tree, "timer", body(17, 1)))
    local retransmits = number(tree, "retransmits", body(18, 1))
    number(tree, "backoff", body(19, 1))
    if timer == "keepalive" and what == 2 then
        return string.format("keepalive timer fired after %d ms without traffic, %d probes unanswered", timeout, retransmits), retransmits > 0
    end
    if what == 1 then return string.format("%s timer armed, fires in %d ms", timer, timeout) end
    return string.format("%s timer fired after %d ms, %d retransmits before, snd_una %d", timer, timeout, retransmits, snd_una), true
end }

kinds.retransmit = { 64, function(tree, body, head)
    local tcp = add_tcp(tree, body, head.state)
    local seq, end_seq = number(tree, "segment_seq", body(48, 4)), number(tree, "segment_end_seq", body(52, 4))
    local error = signed(tree, "error", body(56, 4))
    local number_of_kind = number(tree, "retransmit", body(60, 1))
    local what = name_of(RETRANSMIT, number_of_kind)
    local control = number_of_kind == 1 or number_of_kind == 5 or (FIN_OUTSTANDING[head.state] and end_seq == tcp.write_seq)
    local sentence = string.format("retransmit (%s) of seq %d, %d bytes, round %d, rto %s", what, seq, bytes_between(seq, end_seq, control),
        tcp.retransmits, duration(tcp.rto_us * 1000))
    if error ~= 0 then sentence = sentence .. ", failed: " .. errno_name(math.abs(error)) end
    return sentence, true
end }

kinds.synack_retransmit = { 16, function(tree, body)
    local isn = number(tree, "isn", body(0, 4))
    number(tree, "peer_isn", body(4, 4))
    local timeout = number(tree, "timeout_ms", body(8, 4))
    local round = number(tree, "retransmits", body(12, 1))
    number(tree, "timeouts", body(13, 1))
    return string.format("retransmit %d of SYN-ACK seq %d, timeout %d ms", round, isn, timeout), true
end }

kinds.error = { 56, function(tree, body, head)
    local tcp = add_tcp(tree, body, head.state)
    local error = signed(tree, "error", body(48, 4))
    made(tree, "error.name", errno_name(error))
    number(tree, "user_timeout_ms", body(52, 4))
    local by = body:len() >= 88 and body(56, 4):uint() ~= 0 and ", set by " .. add_task(tree, body, 56) or ""
    local sentence = "socket error " .. errno_name(error)
    if tcp.unacknowledged then sentence = string.format("%s, %d bytes unacknowledged", sentence, tcp.unacknowledged) end
    return string.format("%s, %d retransmits%s", sentence, tcp.retransmits, by), true
end }

kinds.reset_received = { 48, function(tree, body, head)
    local tcp = add_tcp(tree, body, head.state)
    if not tcp.unacknowledged then return "RST received", true end
    return string.format("RST received, %d bytes unacknowledged, %d unread", tcp.unacknowledged, tcp.unread), true
end }

kinds.reset_sent = { 96, function(tree, body, head)
    add_tcp(tree, body, head.state)
    local caller = add_task(tree, body, 48)
    local reason = signed(tree, "reason_number", body(80, 4))
    local seq = number(tree, "segment_seq", body(84, 4))
    number(tree, "segment_ack", body(88, 4))
    local flags = body(92, 1):uint()
    local segment_flags = number(tree, "segment_flags", body(93, 1))
    local answer = bit32.band(flags, 1) ~= 0
    made(tree, "answers_segment", answer)
    made(tree, "has_socket", bit32.band(flags, 2) == 0)
    local sentence = "RST sent"
    if bit32.band(flags, 8) ~= 0 then
        local hook = HOOK[body(94, 1):uint()] or "an unknown hook"
        made(tree, "firewall_hook", hook)
        sentence = string.format("%s by the packet filter (reject at %s)", sentence, hook)
    elseif bit32.band(flags, 4) ~= 0 then
        local named = reset_reasons[reason] or ("reason " .. reason)
        made(tree, "reason", named)
        sentence = sentence .. ": " .. named
    end
    if body:len() >= 112 then
        local by = number(tree, "by", body(95, 1))
        if by == 4 then sentence = sentence .. " (SOCK_DESTROY)" end
        if body(96, 8):le_uint64() ~= UInt64(0) then
            number(tree, "listener", body(96, 8))
            sentence = sentence .. ", by the listening socket"
        end
        if bit32.band(flags, 16) ~= 0 then made(tree, "linger", bit32.band(flags, 32) ~= 0) end
        if bit32.band(flags, 32) ~= 0 then signed(tree, "linger_s", body(104, 4)) end
    end
    if answer then sentence = string.format("%s, answers [%s] seq %d", sentence, flag_names(segment_flags), seq) end
    if caller then sentence = string.format("%s, by %s", sentence, caller) end
    return sentence, true
end }

-- struct tw_destroy; 32 bytes when it was new, 56 now.
local function add_totals(tree, body)
    local acked, received = number(tree, "bytes_acked", body(0, 8)), number(tree, "bytes_received", body(8, 8))
    number(tree, "segs_out", body(16, 4))
    number(tree, "segs_in", body(20, 4))
    local again = number(tree, "total_retransmits", body(24, 4))
    number(tree, "srtt_us", body(28, 4))
    if body:len() >= 56 then
        for i, name in ipairs { "rttvar_us", "cwnd", "busy_ms", "rwnd_limited_ms", "sndbuf_limited_ms" } do number(tree, name, body(28 + i * 4, 4)) end
    end
    return acked, received, again
end

kinds.destroy = { 32, function(tree, body)
    local acked, received, again = add_totals(tree, body)
    return string.format("socket destroyed, %s bytes acknowledged, %s received (SYN and FIN counted), %d retransmits", tostring(acked), tostring(received), again)
end }

kinds.process_exit = { 40, function(tree, body)
    local who = add_task(tree, body, 0) or "process"
    local code = body(32, 4):le_uint()
    local signal, status = bit32.band(code, 127), bit32.band(bit32.rshift(code, 8), 255)
    made(tree, "signal", signal)
    made(tree, "exit_code", status)
    local memory = bit32.band(body(36, 4):le_uint(), 1) ~= 0
    if memory then made(tree, "out_of_memory", memory) end
    if signal ~= 0 then return string.format("%s killed by signal %d%s", who, signal, memory and ", chosen by the OOM killer" or ""), true end
    return string.format("%s exited with status %d", who, status)
end }

kinds.snapshot = { 96, function(tree, body, head)
    add_tcp(tree, body, head.state)
    local owner = add_task(tree, body, 48)
    signed(tree, "fd", body(80, 4))
    local queue, limit = number(tree, "accept_queue", body(84, 4)), number(tree, "accept_max", body(88, 4))
    local sentence = "was there before the recording: " .. name_of(STATE, head.state)
    if head.state == 10 then sentence = string.format("%s, accept queue %d of %d", sentence, queue, limit) end
    return owner and sentence .. ", " .. owner or sentence
end }

local function zero_padded(tree, name, range)
    local text = text_of(range)
    if text ~= "" then tree:add(fields[name], range, text) end
    return text
end

-- Its sentence by what is told; struct tw_queue.
local queue_sentence = {
    function(queue) return string.format("accept queue %d of %d, %d half-open, %d dropped", queue.accept_queue, queue.accept_max, queue.syn_queue, queue.drops) end,
    function(queue) return string.format("%d bytes unread, window %d", queue.unread, queue.receive_window) end,
    function(queue) return string.format("%d bytes unacknowledged, peer's window %d", queue.unacknowledged, queue.send_window) end,
    function(queue) return string.format("%d accept queue overflows, %d SYN cookies sent in the namespace", queue.overflows, queue.syn_cookies) end,
}

kinds.queue = { 144, function(tree, body, head)
    local queue = {}
    local since = number(tree, "since_ns", body(0, 8))
    local holder = add_task(tree, body, 8)
    for i, name in ipairs { "accept_queue", "accept_max", "syn_queue", "drops", "overflows", "syn_cookies", "unread", "receive_window",
        "receive_buffer", "unacknowledged", "send_window", "send_buffer" } do
        queue[name] = number(tree, name, body(36 + i * 4, 4))
    end
    local what, flags = number(tree, "queue", body(88, 1)), body(89, 1):uint()
    for i, name in ipairs { "over", "window_closed", "send_buffer_full", "accepted" } do made(tree, name, bit32.band(flags, 2 ^ (i - 1)) ~= 0) end
    number(tree, "probes_out", body(90, 1))
    local state = body(91, 1):uint()
    number(tree, "threads", body(92, 4))
    local call, wait = zero_padded(tree, "process_call", body(96, 16)), zero_padded(tree, "process_wait", body(112, 32))
    local describe = queue_sentence[what]
    local sentence = describe and describe(queue) or "queue " .. what
    if what ~= 4 then
        sentence = string.format("%s, %s %s", sentence, bit32.band(flags, 1) ~= 0 and "over after" or "for",
            duration(math.max(0, (head.time - since):tonumber())))
    end
    if state ~= 0 then
        made(tree, "process_state", printable(string.char(state)))
        sentence = string.format("%s; %s in state %s", sentence, holder or "a process", printable(string.char(state)))
        if call ~= "" then sentence = sentence .. " in " .. call end
        if wait ~= "" then sentence = sentence .. ", at " .. wait end
    end
    return sentence, bit32.band(flags, 1) == 0
end }

kinds.option = { 32, function(tree, body)
    number(tree, "pid", body(0, 4))
    number(tree, "tid", body(4, 4))
    local fd, ret = signed(tree, "fd", body(8, 4)), signed(tree, "ret", body(12, 4))
    local level, option = body(16, 4):le_int(), body(20, 4):le_int()
    local name = OPTION[level] and OPTION[level][option] or "option " .. option
    made(tree, "option", name)
    local value, linger = signed(tree, "option_value", body(24, 4)), signed(tree, "linger_s", body(28, 4))
    if name == "SO_ERROR" then
        made(tree, "error.name", errno_name(value))
        return string.format("getsockopt(fd %d, SO_ERROR) told %s", fd, errno_name(value)), true
    end
    if name == "SO_LINGER" then value = value == 0 and "off" or "on, " .. linger .. " s" end
    local sentence = string.format("setsockopt(fd %d, %s, %s)", fd, name, value)
    if ret >= 0 then return sentence end
    made(tree, "error", -ret)
    made(tree, "error.name", errno_name(-ret))
    return string.format("%s = -%s", sentence, errno_name(-ret)), true
end }

kinds.sample = { 120, function(tree, body, head)
    local tcp = add_tcp(tree, body(0, 48):tvb(), head.state)
    local acked, received, again = add_totals(tree, body(48, 56):tvb())
    for i, name in ipairs { "ssthresh", "send_window", "receive_window", "unsent" } do number(tree, name, body(100 + i * 4, 4)) end
    return string.format("sample: srtt %s, cwnd %d, %s bytes acknowledged, %s received (SYN and FIN counted), %d retransmits", duration(tcp.srtt_us * 1000), tcp.cwnd,
        tostring(acked), tostring(received), again)
end }

kinds.drop = { 144, function(tree, body)
    local reason = number(tree, "drop_reason_number", body(0, 4))
    local seq = number(tree, "segment_seq", body(4, 4))
    number(tree, "segment_ack", body(8, 4))
    number(tree, "payload", body(12, 4))
    number(tree, "ifindex", body(16, 4))
    local flags = body(22, 1):uint()
    local direction, protocol = number(tree, "direction", body(23, 1)), body(24, 1):uint()
    local segment_flags = number(tree, "segment_flags", body(25, 1))
    number(tree, "icmp_type", body(26, 1))
    number(tree, "icmp_code", body(27, 1))
    number(tree, "ttl", body(28, 1))
    made(tree, "has_socket", bit32.band(flags, 1) ~= 0)
    zero_padded(tree, "device", body(32, 16))
    local place, caller = zero_padded(tree, "place", body(48, 48)), zero_padded(tree, "netfilter_function", body(96, 48))
    local named = drop_reasons[reason] or ("reason " .. reason)
    made(tree, "drop_reason", named)
    local what = protocol == 6 and string.format("[%s] seq %d", flag_names(segment_flags), seq) or "ICMP error"
    return string.format("dropped %s %s: %s in %s", what, name_of(DIRECTION, direction), named, caller ~= "" and caller or place), true
end }

kinds.icmp = { 72, function(tree, body, head)
    local mtu, seq = number(tree, "mtu", body(0, 4)), number(tree, "segment_seq", body(4, 4))
    number(tree, "ifindex", body(8, 4))
    number(tree, "quoted_length", body(12, 2))
    local payload = number(tree, "echo_payload", body(14, 2))
    number(tree, "echo_id", body(16, 2))
    number(tree, "echo_seq", body(18, 2))
    local direction = number(tree, "direction", body(20, 1))
    local icmp_type, code = number(tree, "icmp_type", body(21, 1)), number(tree, "icmp_code", body(22, 1))
    number(tree, "ttl", body(23, 1))
    local v6 = head.family == 10
    local sender = v6 and tostring(body(24, 16):ipv6()) or tostring(body(24, 4):ipv4())
    tree:add(fields.icmp_sender, body(24, v6 and 16 or 4), sender)
    tree:add(fields.icmp_receiver, body(40, v6 and 16 or 4), v6 and tostring(body(40, 16):ipv6()) or tostring(body(40, 4):ipv4()))
    zero_padded(tree, "device", body(56, 16))
    local marker = body:len() >= 104 and zero_padded(tree, "marker", body(72, 32)) or ""
    if marker ~= "" then return "marker " .. marker, true end
    local sentence = string.format("ICMP %s code %d %s, sent by %s", name_of(v6 and ICMP6 or ICMP, icmp_type), code, name_of(DIRECTION, direction), sender)
    if icmp_type == (v6 and 128 or 8) then return string.format("%s, %d bytes", sentence, payload) end
    if mtu > 0 then sentence = string.format("%s, next hop takes %d bytes", sentence, mtu) end
    return string.format("%s, about seq %d", sentence, seq), true
end }

kinds.route = { 48, function(tree, body)
    local caller = add_task(tree, body, 0)
    local error, asked = signed(tree, "error", body(32, 4)), number(tree, "table", body(36, 4))
    made(tree, "error.name", errno_name(error))
    local route = number(tree, "route", body(40, 1))
    local sentence = string.format("route lookup: %s, table %s, %s", name_of(ROUTE, route), name_of(TABLE, asked), errno_name(error))
    return caller and sentence .. ", for " .. caller or sentence, true
end }

local function mac(range)
    local bytes = {}
    for i = 0, 5 do bytes[#bytes + 1] = string.format("%02x", range(i, 1):uint()) end
    return table.concat(bytes, ":")
end

kinds.neighbour = { 40, function(tree, body)
    number(tree, "ifindex", body(0, 4))
    local what = number(tree, "neighbour", body(4, 1))
    number(tree, "arp_probes", body(5, 1))
    local device = zero_padded(tree, "device", body(24, 16))
    local sentence = string.format("neighbour on %s: %s", device, name_of(NEIGHBOUR, what))
    if what ~= 3 then return sentence, what == 2 end
    local old, new = mac(body(8, 6)), mac(body(16, 6))
    tree:add(fields.old_mac, body(8, 6), old)
    tree:add(fields.mac, body(16, 6), new)
    return string.format("%s from %s to %s", sentence, old, new), true
end }

kinds.gap = { 32, function(tree, body)
    local from, to = number(tree, "from_ns", body(0, 8)), number(tree, "to_ns", body(8, 8))
    local lost = number(tree, "lost", body(16, 8))
    tree:add_le(fields.lost_probe, body(24, 1))
    return string.format("%s records of probe %s lost within %s", tostring(lost), name_of(PROBE, body(24, 4):le_uint()),
        duration(math.max(0, (to - from):tonumber()))), true
end }

kinds.meta = { 8, function(tree, body)
    local length = body(0, 4):le_uint()
    if length == 0 or length > body:len() - 8 then return "metadata without text" end
    local text = printable(body(8, length):raw())
    local key, value = text:match("^([^=]+)=(.*)$")
    if not key then return text end
    tree:add(fields.key, body(8, length), key)
    tree:add(fields.value, body(8, length), value)
    local number_of_reason = key:match("^reason%.reset%.(%-?%d+)$")
    if number_of_reason then reset_reasons[tonumber(number_of_reason)] = value:gsub("^SK_RST_REASON_", "") end
    number_of_reason = key:match("^reason%.drop%.(%d+)$")
    if number_of_reason then drop_reasons[tonumber(number_of_reason)] = value:gsub("^SKB_DROP_REASON_", "") end
    return text
end }

kinds.repeats = { 32, function(tree, body)
    local from, to = number(tree, "from_ns", body(0, 8)), number(tree, "to_ns", body(8, 8))
    local count = number(tree, "count", body(16, 8))
    number(tree, "reason_number", body(24, 4))
    local what = name_of(REPEATED, body(28, 1):uint())
    number(tree, "prefix_length", body(29, 1))
    return string.format("%s %s within %s: counted, not recorded", tostring(count), what, duration(math.max(0, (to - from):tonumber()))), true
end }

kinds.environment = { 8, function(tree, body)
    local what = number(tree, "what", body(0, 1))
    local at, texts = 8, {}
    for i, length in ipairs { body(1, 1):uint(), body(2, 2):le_uint(), body(4, 2):le_uint(), body(6, 2):le_uint() } do
        if at + length > body:len() then return "texts longer than the record" end
        texts[i] = length > 0 and printable(body(at, length):raw()) or ""
        if length > 0 then tree:add(fields[({ "topic", "name", "before", "after" })[i]], body(at, length), texts[i]) end
        at = at + length
    end
    local subject, before, after = texts[1] .. " " .. texts[2], texts[3], texts[4]
    if what == 1 then return string.format("%s: %s", subject, after) end
    if what == 2 then return string.format("%s appeared: %s", subject, after), true end
    if what == 3 then return string.format("%s changed from %s to %s", subject, before, after), true end
    if what == 4 then return string.format("%s is gone, was: %s", subject, before), true end
    if what == 5 then return string.format("%s counted from %s to %s", subject, before, after) end
    return string.format("%s could not be looked at: %s", subject, after)
end }

-- The record --------------------------------------------------------------------------------------------------------------------------

local HEAD = 40
local ADDRESS = { [0] = 0, [2] = 4, [10] = 16 }

local function damaged(tree, pinfo, what)
    tree:add_proto_expert_info(malformed, "Damaged record: " .. what)
    made(tree, "malformed", what)
    pinfo.cols.info = "[Malformed record: " .. what .. "]"
end

local function add_address(tree, side, range)
    local text
    if range:len() == 4 then
        text = tostring(range:ipv4())
        tree:add(fields[side .. ".ipv4"], range)
    else
        text = tostring(range:ipv6())
        tree:add(fields[side .. ".ipv6"], range)
    end
    tree:add(fields[side .. ".address"], range, text)
    tree:add(fields.address, range, text):set_hidden()
    return text
end

local function add_port(tree, side, range)
    local port = number(tree, side .. ".port", range)
    tree:add_le(fields.port, range):set_hidden()
    return port
end

local function endpoint(address, port)
    if not address then return nil end
    local text = port == 0 and "*" or tostring(port)
    return address:find(":", 1, true) and string.format("[%s]:%s", address, text) or address .. ":" .. text
end

function proto.dissector(buffer, pinfo, root)
    pinfo.cols.protocol = "TCPWITNESS"
    local length = buffer:len()
    local tree = root:add(proto, buffer())
    if length < HEAD then return damaged(tree, pinfo, string.format("%d bytes, shorter than its head", length)) end

    local head = { time = number(tree, "time_ns", buffer(0, 8)), state = buffer(35, 1):uint(), family = buffer(34, 1):uint() }
    local kind, family = buffer(32, 1):uint(), buffer(34, 1):uint()
    local kind_name = KIND[kind] or ("kind " .. kind)
    tree:add(fields.kind, buffer(32, 1), kind_name)
    number(tree, "cookie", buffer(8, 8))
    number(tree, "seq", buffer(16, 4))
    number(tree, "socket_id", buffer(20, 4))
    number(tree, "netns", buffer(24, 4))
    number(tree, "cpu", buffer(28, 2))
    local size = number(tree, "size", buffer(30, 2))
    number(tree, "probe", buffer(33, 1))
    number(tree, "state", buffer(35, 1))
    local local_port, peer_port = add_port(tree, "local", buffer(36, 2)), add_port(tree, "peer", buffer(38, 2))

    local address = ADDRESS[family]
    if not address then return damaged(tree, pinfo, string.format("address family %d", family)) end
    if size > length then return damaged(tree, pinfo, string.format("it says %d bytes, but %d are there", size, length)) end
    local body_length = size - HEAD - 2 * address
    local entry = kinds[kind_name]
    if body_length < (entry and entry[1] or 0) then return damaged(tree, pinfo, string.format("%d bytes are too few for %s", size, kind_name)) end

    local local_address, peer_address
    if address > 0 then
        local_address = add_address(tree, "local", buffer(size - 2 * address, address))
        peer_address = add_address(tree, "peer", buffer(size - address, address))
        pinfo.cols.src = local_address
        pinfo.cols.dst = peer_address
    end
    if not entry then
        pinfo.cols.info = string.format("%s: of a newer tcpwitness", kind_name)
        return
    end
    -- A record may end with its head only where no kind has an empty body, so this range is never empty.
    local sentence, is_trouble = entry[2](tree, buffer(HEAD, body_length):tvb(), head)
    if is_trouble then tree:add_proto_expert_info(trouble, sentence) end
    tree:append_text(": " .. sentence)
    if local_address and (local_port ~= 0 or peer_port ~= 0) then
        sentence = string.format("%s  (%s > %s)", sentence, endpoint(local_address, local_port), endpoint(peer_address, peer_port))
    end
    pinfo.cols.info = sentence
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, proto)
