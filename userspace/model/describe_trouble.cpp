// What the stack did because something went wrong: retransmits, errors, resets.
#include <fmt/format.h>

#include "base/text.h"
#include "model/describe_kinds.h"

namespace tcpwitness::kinds {

namespace {

std::string milliseconds(std::uint32_t us) { return us % 1000 && us < 10'000 ? fmt::format("{:.1f} ms", us / 1e3) : fmt::format("{} ms", us / 1000); }

std::uint32_t bytes_of(Retransmit retransmit, TcpState state) {
    retransmit.tcp = within(retransmit.tcp, state);
    return retransmit.bytes();
}

/// "1448 bytes, seq 3269462193", "FIN, seq 3269462193".
std::string range_text(const Retransmit& retransmit, TcpState state) {
    const std::uint32_t length = retransmit.end_seq - retransmit.seq, bytes = bytes_of(retransmit, state);
    if (length == 0 && !retransmit.tcp.told) return fmt::format("seq {}", retransmit.seq);
    const std::string fin = length > bytes ? "FIN" : "", data = bytes || fin.empty() ? count_text(bytes, "byte", "bytes") : "";
    return fmt::format("{}{}{}, seq {}", data, !data.empty() && !fin.empty() ? " and " : "", fin, retransmit.seq);
}

const char* retransmit_name(Retransmit::What what) {
    switch (what) {
        case Retransmit::What::syn: return "syn";
        case Retransmit::What::rto: return "rto";
        case Retransmit::What::fast: return "fast";
        case Retransmit::What::loss_probe: return "loss_probe";
        case Retransmit::What::syn_ack: return "syn_ack";
    }
    return "?";
}

}  // namespace

Layer layer(const Retransmit&) { return Layer::tcp; }

bool noteworthy(const Retransmit&, const Event&) { return true; }

std::string sentence(const Retransmit& retransmit, const Event& event) {
    const TcpNumbers& tcp = retransmit.tcp;
    const std::string round = tcp.retransmits ? fmt::format("retransmit {}", tcp.retransmits) : "retransmit";
    const std::string clock = tcp.told ? fmt::format(", rto {}, backoff {}", milliseconds(tcp.rto_us), tcp.backoff)
                              : tcp.rto_us ? fmt::format(", {} after it was last sent", milliseconds(tcp.rto_us)) : "";
    const std::string path = tcp.told ? fmt::format(", srtt {}, cwnd {}", milliseconds(tcp.srtt_us), tcp.snd_cwnd) : "";
    std::string text;
    switch (retransmit.what) {
        case Retransmit::What::syn: text = fmt::format("{} of SYN seq {}{}", round, retransmit.seq, clock); break;
        case Retransmit::What::syn_ack: text = fmt::format("{} of SYN-ACK seq {}{}", round, retransmit.seq, clock); break;
        case Retransmit::What::rto: text = fmt::format("{} after RTO: {}{}", round, range_text(retransmit, event.state), clock); break;
        case Retransmit::What::fast: text = fmt::format("fast retransmit of {}{}", range_text(retransmit, event.state), path); break;
        case Retransmit::What::loss_probe: text = fmt::format("tail loss probe: {}{}", range_text(retransmit, event.state), path); break;
        default: text = fmt::format("{}: {}", round, range_text(retransmit, event.state));
    }
    if (retransmit.error) text += ", not sent: " + error_text(errno_of(retransmit.error));
    return text;
}

void add_fields(std::vector<Field>& to, const Retransmit& retransmit, const Event& event) {
    add(to, "what", retransmit_name(retransmit.what));
    add(to, "seq", retransmit.seq);
    if (retransmit.tcp.told || retransmit.end_seq != retransmit.seq) add(to, "length_bytes", bytes_of(retransmit, event.state));
    if (retransmit.error) add(to, "error.type", errno_name(errno_of(retransmit.error)));
    add_numbers(to, retransmit.tcp, event.state);
}

Layer layer(const SynAckRetransmit&) { return Layer::tcp; }

bool noteworthy(const SynAckRetransmit&, const Event&) { return true; }

std::string sentence(const SynAckRetransmit& again, const Event&) {
    const std::string round = again.retransmits ? fmt::format("SYN-ACK retransmit {}", again.retransmits) : "SYN-ACK retransmit";
    return fmt::format("{}, isn {}, answers SYN seq {}, timeout {} ms", round, again.sent_isn, again.received_isn, again.timeout_ms);
}

void add_fields(std::vector<Field>& to, const SynAckRetransmit& again, const Event&) {
    add(to, "isn", again.sent_isn);
    add(to, "peer_isn", again.received_isn);
    add(to, "retransmits", again.retransmits);
    add(to, "timeouts", again.timeouts);
    add(to, "timeout_ms", again.timeout_ms);
}

Layer layer(const SocketError&) { return Layer::tcp; }

bool noteworthy(const SocketError&, const Event&) { return true; }

std::string sentence(const SocketError& error, const Event&) {
    const std::string text = fmt::format("socket error {}{} reported", error_text(error.error), status_text(error.status));
    const std::string by = error.task.known() ? ", set by " + task_text(error.task) : "";
    return error.user_timeout_ms ? text + fmt::format(", TCP_USER_TIMEOUT {} ms", error.user_timeout_ms) + by : text + by;
}

void add_fields(std::vector<Field>& to, const SocketError& error, const Event& event) {
    add(to, "error.type", errno_name(error.error));
    if (!error.status.empty()) add(to, "status", error.status);
    if (error.user_timeout_ms) add(to, "user_timeout_ms", error.user_timeout_ms);
    add_task(to, error.task);
    add_numbers(to, error.tcp, event.state);
}

Layer layer(const ResetReceived&) { return Layer::tcp; }

bool noteworthy(const ResetReceived&, const Event&) { return true; }

std::string sentence(const ResetReceived& reset, const Event& event) {
    return fmt::format("RST received in {}{}", name(event.state), backlog_text(reset.tcp, event.state));
}

void add_fields(std::vector<Field>& to, const ResetReceived& reset, const Event& event) { add_numbers(to, reset.tcp, event.state); }

}  // namespace tcpwitness::kinds
