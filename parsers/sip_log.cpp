#include "parsers/sip_log.h"

#include <algorithm>

#include <fmt/format.h>

#include "parsers/event_store.h"
#include "parsers/text_trace.h"
#include "parsers/windows_line.h"
#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

constexpr std::size_t max_messages = 5'000'000, longest_value = 1024;
constexpr std::string_view begin_record = "$$begin_record", end_record = "$$end_record", sending = "Sending Packet - ", received = "Data Received - ";
constexpr Words local_address = "Local Address: ";
constexpr std::string_view message_mark = " SipMessage c=[", trace_mark = "TL_";

bool same_word(std::string_view one, std::string_view other) {
    return one.size() == other.size() && std::equal(one.begin(), one.end(), other.begin(), [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

/// "Call-ID: x" as name and value; nothing where the line is no header.
std::optional<std::pair<std::string_view, std::string_view>> header(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 || line.substr(0, colon).find(' ') != std::string_view::npos) return std::nullopt;
    return std::pair{line.substr(0, colon), windows::trim_blanks(line.substr(colon + 1))};
}

std::string kept(std::string_view text) { return std::string(text.substr(0, longest_value)); }

/// What the log's own prefix says and what stands behind it.
struct Prefix {
    std::optional<std::uint64_t> local_ns;
    std::string_view rest;
};

/// "01/08/2013|11:18:57.123 5E0:1A4 INFO  :: rest"; a line without it is all rest.
Prefix take_prefix(std::string_view line) {
    constexpr std::size_t date = 10;
    line = windows::skip_blanks(line);
    if (line.size() <= date || line[date] != '|') return {std::nullopt, line};
    const auto local = windows::local_time(line.substr(0, date), line.substr(date + 1));
    if (!local) return {std::nullopt, line};
    const auto colons = line.find("::", date);
    return {local, colons == std::string_view::npos ? std::string_view{} : windows::skip_blanks(line.substr(colons + 2))};
}

/// "TL_INFO(TF_PROTOCOL) [0]06E4.0EB4::01/18/2012-05:00:43.101.00005386 (SIPStack,...)": its time.
std::optional<std::uint64_t> trace_time(std::string_view line) {
    const auto colons = line.find("::");
    const auto dash = colons == std::string_view::npos ? colons : line.find('-', colons);
    if (dash == std::string_view::npos) return std::nullopt;
    return windows::local_time(line.substr(colons + 2, dash - colons - 2), line.substr(dash + 1));
}

class SipLog {
public:
    explicit SipLog(const TimeZone& zone) : zone_(zone) {}

    void take(std::string_view line);
    Trace finish();
    bool full() const { return messages_ >= max_messages; }

private:
    enum class Where { outside, record, record_body, headers, body };
    void take_record(std::string_view line);
    void begin_packet(std::string_view behind, bool outgoing, std::uint64_t local_ns);
    void begin_message(std::string_view line, std::size_t mark);
    void take_header(std::string_view name, std::string_view value);
    void take_peer(std::string_view text);
    void add();

    const TimeZone& zone_;
    EventStore events_;
    Where where_ = Where::outside;
    Message message_;
    Flow flow_;
    std::uint64_t local_ns_ = 0;
    std::optional<std::uint64_t> traced_ns_;  ///< of the last line that begins a trace's entry
    std::size_t messages_ = 0;
    bool moved_ = false;  ///< the record is of a message that came or went
};

void SipLog::take(std::string_view line) {
    if (const auto begin = line.find(begin_record); begin != std::string_view::npos) {
        add();
        const auto local = line.substr(0, begin).find("::") != std::string_view::npos ? trace_time(line) : traced_ns_;  // on a line of its own: the time stands on the one before
        if (!local) return;
        where_ = Where::record;
        local_ns_ = *local;
        return;
    }
    if (const std::string_view text = windows::skip_blanks(line); text.starts_with(trace_mark)) {
        add();
        traced_ns_ = trace_time(text);
        return;
    }
    if (const auto mark = line.find(message_mark); mark != std::string_view::npos && line.find("EndOf") == std::string_view::npos) return begin_message(line, mark);
    if (where_ == Where::record_body && line.find(end_record) == std::string_view::npos) return;
    if (where_ == Where::record || where_ == Where::record_body) return take_record(line);
    const Prefix prefix = take_prefix(line);
    if (prefix.local_ns)
        for (const auto& [words, outgoing] : {std::pair{sending, true}, {received, false}})
            if (prefix.rest.starts_with(words)) return begin_packet(prefix.rest.substr(words.size()), outgoing, *prefix.local_ns);
    if (where_ == Where::outside) return;
    const std::string_view text = windows::trim_blanks(prefix.rest);
    if (text.starts_with("End of ") || text.find("EndOf") != std::string_view::npos) return add();
    if (where_ == Where::body) {
        // Pasted texts may have an empty line after each: headers go on behind it, until a body does begin.
        const auto one = header(text);
        if (text.starts_with("v=") || !message_.call_id.empty() || !one) return;
        return take_header(one->first, one->second);
    }
    if (text.empty()) {
        if (!message_.start_line.empty()) where_ = Where::body;
    } else if (message_.start_line.empty()) {
        message_.start_line = kept(text);
    } else if (const auto one = header(text)) {
        take_header(one->first, one->second);
    }
}

void SipLog::take_record(std::string_view line) {
    line = windows::trim_blanks(line);
    if (line.starts_with(end_record)) return add();
    auto one = header(line);
    if (!one) return;
    auto [name, value] = *one;
    if (name.starts_with("SIP-")) name.remove_prefix(4);  // a record of diagnosis quotes the message that it is about
    if (same_word(name, "Message-Body"))
        where_ = Where::record_body;
    else if (same_word(name, "Start-Line"))
        message_.start_line = kept(value);
    else if (same_word(name, "Text"))
        message_.remark = kept(value);
    else if (same_word(name, "Direction"))
        message_.outgoing = value.starts_with("outgoing"), moved_ = true;
    else if (same_word(name, "Peer") || same_word(name, "Peer-IP"))
        take_peer(value);
    else if (same_word(name, "Result-Code") && windows::number(value).value_or(1) != 0)
        message_.result_code = kept(value);
    else if (same_word(name, "Local-IP"))
        flow_.local = windows::endpoint(value).value_or(Endpoint{});
    else
        take_header(name, value);
}

void SipLog::take_header(std::string_view name, std::string_view value) {
    if (same_word(name, "Call-ID") || same_word(name, "i"))
        message_.call_id = kept(value);
    else if (same_word(name, "CSeq"))
        message_.sequence = kept(value);
}

/// "10.0.0.1:5061", or "fe.example.com:5061": then its port is what can be looked for.
void SipLog::take_peer(std::string_view text) {
    if (const auto known = windows::endpoint(text)) {
        flow_.peer = *known;
        return;
    }
    message_.peer = kept(text);
    const auto colon = text.rfind(':');
    const auto port = colon == std::string_view::npos ? std::nullopt : windows::number(text.substr(colon + 1));
    if (port && *port <= 65535) flow_.peer.port = static_cast<std::uint16_t>(*port);
}

/// "192.168.3.10:5061 (From Local Address: 192.168.1.1:50357) 812 bytes:"
void SipLog::begin_packet(std::string_view behind, bool outgoing, std::uint64_t local_ns) {
    add();
    where_ = Where::headers;
    local_ns_ = local_ns;
    message_.outgoing = outgoing;
    moved_ = true;
    take_peer(behind.substr(0, behind.find(' ')));
    if (const auto local = windows::endpoint_after(behind, local_address)) flow_.local = *local;
    if (const auto close = behind.find(") "); close != std::string_view::npos) message_.bytes = windows::number(behind.substr(close + 2)).value_or(0);
}

/// "<<<<<Incoming SipMessage c=[<SipTlsConnection_386DD23>], 192.168.1.20:5071<-192.168.1.20:50807"
void SipLog::begin_message(std::string_view line, std::size_t mark) {
    add();
    const auto close = line.find("], ", mark);
    if (!traced_ns_ || close == std::string_view::npos) return;
    const std::string_view ends = line.substr(close + 3);
    const auto in = ends.find("<-"), out = ends.find("->");
    const auto arrow = std::min(in, out);
    if (arrow == std::string_view::npos) return;
    where_ = Where::headers;
    local_ns_ = *traced_ns_;
    moved_ = true;
    message_.outgoing = out < in;
    flow_.local = windows::endpoint(windows::trim_blanks(ends.substr(0, arrow))).value_or(Endpoint{});
    take_peer(windows::trim_blanks(ends.substr(arrow + 2)));
}

void SipLog::add() {
    if (moved_) message_.remark.clear();
    if (where_ != Where::outside && (!message_.start_line.empty() || !message_.remark.empty())) {
        Event& event = events_.room().emplace_back();
        event.time_ns = zone_.to_utc_ns(local_ns_);
        event.flow = flow_;
        message_.protocol = "SIP";
        event.body = std::move(message_);
        ++messages_;
    }
    where_ = Where::outside;
    message_ = {};
    flow_ = {};
    moved_ = false;
}

Trace SipLog::finish() {
    add();
    Trace trace;
    trace.events = events_.take_ordered();
    TraceInfo& info = trace.info;
    describe_text(info, "SIP log", "sip-log");
    if (!trace.events.empty()) {
        info.started_ns = trace.events.front().time_ns;
        info.ended_ns = trace.events.back().time_ns;
    }
    return trace;
}

}  // namespace

bool is_sip_log(std::string_view beginning) {
    if (const auto at = beginning.find(begin_record); at != std::string_view::npos) return beginning.substr(0, at).find("TL_") != std::string_view::npos;
    if (const auto at = beginning.find(message_mark); at != std::string_view::npos && beginning.substr(0, at).find(trace_mark) != std::string_view::npos) return true;
    for (const std::string_view words : {sending, received})
        if (const auto at = beginning.find(words); at != std::string_view::npos)
            if (const auto line = beginning.rfind('\n', at); take_prefix(beginning.substr(line == std::string_view::npos ? 0 : line + 1)).local_ns) return true;
    return false;
}

Result<Trace> decode_sip_log(ByteSource& source, const std::optional<TimeZone>& zone) {
    TextLines lines(source);
    const TimeZone used = zone.value_or(TimeZone());
    SipLog log(used);
    const auto stopped = take_lines(lines, [&](std::string_view line) {
        log.take(line);
        return !log.full();
    });
    if (!stopped) return stopped.error();
    Trace trace = log.finish();
    if (trace.events.empty()) return Error{"no message in it is of a SIP log"};
    trace.info.meta["time.zone"] = zone ? "given" : "assumed";
    trace.info.meta["time.zone_name"] = used.name();
    end_text(trace.info, *stopped ? fmt::format("it holds more than {} messages; what comes from line {} on is left out", max_messages, *stopped) : "", source);
    return trace;
}

}  // namespace tcpwitness
