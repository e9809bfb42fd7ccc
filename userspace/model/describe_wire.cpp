// A segment on the wire.
#include <fmt/format.h>

#include "model/describe_kinds.h"
#include "model/not_shown.h"

namespace tcpwitness::kinds {

Layer layer(const Segment&) { return Layer::wire; }

namespace {

using namespace segment_mark;

struct MarkName {
    std::uint32_t mark;
    const char *text, *field;
};

constexpr MarkName marks[] = {
    {rto, "retransmission (RTO)", "retransmission_rto"},
    {fast, "retransmission (fast)", "retransmission_fast"},
    {loss_probe, "retransmission (loss probe)", "retransmission_loss_probe"},
    {segment_mark::too_big, "retransmission (was too big)", "retransmission_too_big"},
    {spurious, "in vain: it had arrived", "spurious"},
    {out_of_order, "out of order", "out_of_order"},
    {lost_before, "segments before it not captured", "lost_before"},
    {duplicate_ack, "duplicate ACK", "duplicate_ack"},
    {zero_window, "window closed", "zero_window"},
    {window_probe, "probe of the closed window", "window_probe"},
    {keepalive, "keepalive", "keepalive"},
    {keepalive_ack, "keepalive answered", "keepalive_ack"},
    {numbers_not_shown, "numbers not shown", "numbers_not_shown"},
    {window_not_shown, "", "window_not_shown"},
};

std::string marks_text(std::uint32_t of, const char* MarkName::*word, const char* between) {
    std::string text;
    for (const MarkName& one : marks)
        if (of & one.mark && *(one.*word)) text += (text.empty() ? "" : between) + std::string(one.*word);
    return text;
}

}  // namespace

bool noteworthy(const Segment& segment, const Event&) { return segment.rst() || segment.marks & (retransmission | zero_window | window_probe); }

std::string sentence(const Segment& segment, const Event& event) {
    const bool numbers = !(segment.marks & numbers_not_shown);
    std::string text = fmt::format("{} {}", flags_text(segment.flags), segment.outgoing ? "out" : "in");
    if (numbers) text += fmt::format(" seq {}", segment.seq);
    if (numbers && segment.flags & tcp_flag::ack) text += fmt::format(" ack {}", segment.ack);
    if (!(segment.marks & window_not_shown)) text += fmt::format(" win {}", segment.window);
    if (segment.mss) text += fmt::format(" mss {}", segment.mss);
    if (numbers && segment.payload) text += fmt::format(" len {}", segment.payload);
    if (segment.ttl)
        text += event.flow.local.address.family == Address::Family::ipv6 ? fmt::format(" hlim {}", segment.ttl)
                                                                         : fmt::format(" ttl {} id {}", segment.ttl, segment.ip_id);
    if (const std::string words = marks_text(segment.marks, &MarkName::text, ", "); !words.empty()) text += ": " + words;
    return text;
}

void add_fields(std::vector<Field>& to, const Segment& segment, const Event& event) {
    const bool ipv6 = event.flow.local.address.family == Address::Family::ipv6;
    add(to, "direction", segment.outgoing ? "out" : "in");
    add(to, "flags", flags_text(segment.flags));
    if (!(segment.marks & numbers_not_shown)) {
        add(to, "seq", segment.seq);
        add(to, "ack", segment.ack);
    }
    if (!(segment.marks & window_not_shown)) add(to, "window", segment.window);
    if (!(segment.marks & numbers_not_shown)) add(to, "payload_bytes", segment.payload);
    add(to, ipv6 ? "hop_limit" : "ttl", segment.ttl);
    if (!ipv6) {
        add(to, "ip_id", segment.ip_id);
        add(to, "dont_fragment", segment.dont_fragment);
    }
    if (segment.mss) add(to, "mss", segment.mss);
    if (segment.window_scale >= 0) add(to, "window_scale", std::int64_t{segment.window_scale});
    add(to, "options_bytes", segment.options_length);
    if (segment.has_timestamps) {
        add(to, "tsval", segment.tsval);
        add(to, "tsecr", segment.tsecr);
    }
    if (segment.has_mac) add(to, "source_mac", mac_text(segment.source_mac));
    if (segment.has_destination_mac) add(to, "destination_mac", mac_text(segment.destination_mac));
    if (segment.frame) add(to, "frame", segment.frame);
    if (segment.marks) add(to, "marks", marks_text(segment.marks, &MarkName::field, ","));
    if (segment.packet_id) add(to, "packet_id", std::to_string(segment.packet_id));
}

}  // namespace tcpwitness::kinds

namespace tcpwitness {

std::string marks_text(const Segment& segment) { return kinds::marks_text(segment.marks, &kinds::MarkName::text, ", "); }

}  // namespace tcpwitness
