#include "parsers/windows_packets.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "model/not_shown.h"
#include "parsers/windows_values.h"

namespace tcpwitness::windows {

namespace {

constexpr std::size_t most_flows = 1u << 16;
constexpr std::uint64_t answered_within_ns = 100'000'000;
constexpr std::uint64_t taken_within_ns = 10'000'000;
constexpr std::uint64_t one_packet_ns = 1'000'000;  ///< on its way through the components of a host

std::uint8_t flags_of(std::string_view letters) {
    std::uint8_t flags = 0;
    for (const char letter : letters) switch (letter) {
            case 'F': flags |= tcp_flag::fin; break;
            case 'S': flags |= tcp_flag::syn; break;
            case 'R': flags |= tcp_flag::rst; break;
            case 'P': flags |= tcp_flag::psh; break;
            case 'A': flags |= tcp_flag::ack; break;
            case 'U': flags |= tcp_flag::urg; break;
            default: break;  // ECN's two say nothing here
        }
    return flags;
}

/// "5061", "HTTP(80)", "1504 (0x5E0)"
std::optional<std::uint16_t> port(std::string_view text) {
    text = text.substr(0, text.find(','));
    auto found = number(text);
    if (const auto open = text.find('('); !found && open != std::string_view::npos) found = number(text.substr(open + 1));
    if (!found || *found == 0 || *found > 65535) return std::nullopt;
    return static_cast<std::uint16_t>(*found);
}

/// "192.168.1.8.14813", "2001:db8::1.443": tcpdump's port stands behind the last point.
std::optional<Endpoint> dotted(std::string_view text) {
    const auto point = text.rfind('.');
    if (point == std::string_view::npos) return std::nullopt;
    const auto address = Address::parse(text.substr(0, point));
    const auto number = port(text.substr(point + 1));
    if (!address || !number) return std::nullopt;
    return Endpoint{*address, *number};
}

/// A column may have been cut within it: at the end of the row a number is not known.
std::optional<std::uint64_t> whole_number_after(std::string_view text, Words key) {
    auto digits = after(text, key);
    const auto number = digits ? take_number(*digits) : std::nullopt;
    return number && !digits->empty() ? number : std::nullopt;
}

/// One that is not shown is not closed.
void take_window(std::optional<std::uint64_t> shown, Segment& segment) {
    segment.window = static_cast<std::uint16_t>(std::min<std::uint64_t>(shown.value_or(65535), 65535));
    if (!shown) segment.marks |= segment_mark::window_not_shown;
}

std::string_view first_word(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && !blank_at(text.substr(length))) ++length;
    return text.substr(0, length);
}

}  // namespace

/// An address, or a host's name, as a column shows it.
std::optional<Address> Packets::column(std::string_view text) {
    if (const auto address = Address::parse(text)) return address;
    const bool digits_only = std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
    return digits_only ? std::nullopt : Address::named(text);
}

/// "192.168.1.1  192.168.3.10  TCP", "192.168.1.1  192.168.3.10TCP", "client.example  10.0.0.2  TCP"; also "192.168.1.1192.168.3.10  TCP", where addresses that
/// are known decide where the one ends. Words of other columns may stand before.
std::optional<std::pair<Address, Address>> Packets::addresses(std::string_view text) const {
    text = trim_blanks(text);
    if (text.ends_with("TCP")) text = trim_blanks(text.substr(0, text.size() - 3));
    std::string_view first, second;
    while (!text.empty()) {
        first = second;
        second = first_word(text);
        text = skip_blanks(text.substr(second.size()));
    }
    if (const auto one = column(first), other = column(second); one && other) return std::pair{*one, *other};
    const auto known = [&](const Address& address) { return local_.contains(address) || peers_.contains(address); };
    std::optional<std::pair<Address, Address>> best;
    int best_known = 0;
    bool several = false;
    constexpr std::size_t shortest = 7, longest = 15;  // of an IPv4 address
    for (std::size_t length = shortest; length <= longest && length + shortest <= second.size(); ++length) {
        const auto left = Address::parse(second.substr(0, length)), right = Address::parse(second.substr(length));
        if (!left || !right) continue;
        const int how_known = known(*left) + known(*right);
        several = best && how_known == best_known;
        if (best && how_known <= best_known) continue;
        best = std::pair{*left, *right};
        best_known = how_known;
        several = false;
    }
    return several ? std::nullopt : best;
}

bool Packets::take_monitor(const Line& line, std::uint64_t time_ns) {
    const auto between = addresses(line.addresses);
    const auto flags = after(line.body, "Flags="), from = after(line.body, "SrcPort="), to = after(line.body, "DstPort="), seq = after(line.body, "Seq=");
    if (!between || !flags || !from || !to || !seq) return false;
    const auto from_port = port(*from), to_port = port(*to);
    const auto first = number(*seq);
    if (!from_port || !to_port || !first) return false;
    Segment segment;
    segment.flags = flags_of(flags->substr(0, flags->find(',')));
    segment.seq = static_cast<std::uint32_t>(*first);
    segment.ack = static_cast<std::uint32_t>(number_after(line.body, "Ack=").value_or(0));
    take_window(number_after(line.body, "Win="), segment);
    if (segment.flags & tcp_flag::ack && !whole_number_after(line.body, "Ack=")) segment.marks |= segment_mark::numbers_not_shown;
    segment.payload = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_after(line.body, "PayloadLen=").value_or(0), 1u << 20));
    note_sender(line, between->first, between->second, segment);
    add(segment, {{between->first, *from_port}, {between->second, *to_port}}, time_ns, line.cpu);
    return true;
}

/// What a row tells of whose packet it is: a checksum that the device was still to fill in, a process in whose context it was sent.
void Packets::note_sender(const Line& line, const Address& from, const Address& to, const Segment& segment) {
    if (signs_.size() >= most_flows) return;
    SentHere& signs = signs_[from];
    ++signs.packets;
    signs.unfinished_checksums += line.bad_checksum;
    signs.by_process += line.pid > 4 && (segment.syn() || segment.payload);  // 0 and 4 are the kernel's own
    if (segment.syn() && !first_client_) first_client_ = from;
    signs_.try_emplace(to);
}

void Packets::announce(const Line& line, std::uint64_t time_ns) {
    Announced& next = announced_.emplace(Announced{});
    next.time_ns = time_ns;
    next.cpu = line.cpu;
    // The words are in the system's language, these two are not.
    if (line.body.find(" Rx ") != std::string_view::npos || line.body.find(" Rx,") != std::string_view::npos) next.outgoing = false;
    if (line.body.find(" Tx ") != std::string_view::npos || line.body.find(" Tx,") != std::string_view::npos) next.outgoing = true;
    if (const auto reason = after(line.body, "DropReason ")) {
        next.dropped = true;
        next.reason = value(*reason);
        if (const auto place = after(line.body, "DropLocation ")) next.place = value(*place);
    }
}

/// "MAC > MAC, ethertype IPv4 (0x0800), length 66: 1.1.1.1.443 > 10.1.0.132.50037: Flags [S.], seq 41154943, ack 300280912, win 65535, length 0",
/// which --verbose breaks in two lines before the addresses.
bool Packets::take_pktmon(std::string_view text) {
    text = skip_blanks(text);
    Announced now = std::move(*announced_);
    announced_.reset();
    const auto flags_at = text.find(": Flags [");
    if (flags_at == std::string_view::npos) {
        if (!now.head.empty() || text.find("proto TCP") == std::string_view::npos) return false;
        now.head = text.substr(0, 512);
        announced_ = std::move(now);
        return true;
    }
    const std::string_view before = text.substr(0, flags_at), behind = text.substr(flags_at + 9);
    const auto arrow = before.rfind(" > ");
    if (arrow == std::string_view::npos) return false;
    const auto space = before.rfind(' ', arrow - 1);
    const auto from = dotted(before.substr(space == std::string_view::npos ? 0 : space + 1, arrow - (space == std::string_view::npos ? 0 : space + 1)));
    const auto to = dotted(before.substr(arrow + 3));
    if (!from || !to) return false;
    Segment segment;
    std::string_view letters = behind.substr(0, behind.find(']'));
    segment.flags = flags_of(letters);
    if (letters.find('.') != std::string_view::npos) segment.flags |= tcp_flag::ack;
    segment.seq = static_cast<std::uint32_t>(number_after(behind, "seq ").value_or(0));
    segment.ack = static_cast<std::uint32_t>(number_after(behind, " ack ").value_or(0));
    take_window(number_after(behind, " win "), segment);
    segment.mss = static_cast<std::uint16_t>(std::min<std::uint64_t>(number_after(behind, "mss ").value_or(0), 65535));
    segment.payload = static_cast<std::uint32_t>(std::min<std::uint64_t>(number_after(behind, ", length ").value_or(0), 1u << 20));
    const std::string_view ip = now.head.empty() ? before : std::string_view(now.head);
    segment.ttl = static_cast<std::uint8_t>(std::min<std::uint64_t>(number_after(ip, "ttl ").value_or(0), 255));
    segment.ip_id = static_cast<std::uint16_t>(number_after(ip, ", id ").value_or(0));
    const Flow from_to{*from, *to};
    if (now.outgoing) is_local(*now.outgoing ? from->address : to->address);
    if (!now.dropped) {
        add(segment, from_to, now.time_ns, now.cpu);
        return true;
    }
    Drop drop;
    drop.reason = std::move(now.reason);
    drop.place = std::move(now.place);
    drop.outgoing = now.outgoing.value_or(false);
    drop.flags = segment.flags;
    drop.seq = segment.seq;
    drop.ack = segment.ack;
    drop.payload = segment.payload;
    drop.ttl = segment.ttl;
    Event& event = sockets_.emit(now.time_ns, 0, std::move(drop));
    event.cpu = now.cpu;
    event.flow = now.outgoing.value_or(false) ? from_to : from_to.reversed();
    return true;
}

void Packets::see_captured(const Segment& segment, const Flow& from_to, std::optional<bool> outgoing, std::uint64_t time_ns) {
    if (outgoing) is_local(*outgoing ? from_to.local.address : from_to.peer.address);
    (void)learn(segment, from_to, time_ns);
}

/// False for one that was seen already.
bool Packets::learn(const Segment& segment, const Flow& from_to, std::uint64_t time_ns) {
    if (const Last* before = last(from_to, time_ns); before && time_ns - before->time_ns <= one_packet_ns && before->seq == segment.seq &&
                                                     before->ack == segment.ack && before->flags == segment.flags && before->payload == segment.payload)
        return false;  // the same packet at the next component of the host
    ++seen_;
    if (last_.size() >= most_flows) last_.clear();
    last_[from_to] = {time_ns, segment.seq, segment.ack, segment.payload, segment.flags};
    if (segment.syn_ack()) {
        if (syn_acks_.size() >= most_flows) syn_acks_.clear();
        syn_acks_[segment.seq] = {from_to, segment.ack - 1};
    }
    if (segment.syn()) {
        last_syn_ = from_to;
        last_syn_ns_ = time_ns;
    }
    if (segment.syn())
        if (const std::uint64_t pointer = sockets_.tcb_of_isn(segment.seq)) {
            Tcb& tcb = sockets_.tcb(pointer);
            sockets_.learn(tcb, pointer, from_to, 0, time_ns);
            is_local(from_to.local.address);
        }
    return true;
}

void Packets::add(const Segment& segment, const Flow& from_to, std::uint64_t time_ns, std::uint16_t cpu) {
    if (!learn(segment, from_to, time_ns)) return;
    Event& event = sockets_.emit(time_ns, 0, segment);
    event.cpu = cpu;
    event.flow = from_to;
}

const Packets::Last* Packets::last(const Flow& from_to, std::uint64_t time_ns) const {
    const auto found = last_.find(from_to);
    return found == last_.end() || time_ns - found->second.time_ns > answered_within_ns ? nullptr : &found->second;
}

std::optional<Flow> Packets::take_syn(std::uint64_t time_ns) {
    if (!last_syn_ns_ || time_ns - last_syn_ns_ > taken_within_ns) return std::nullopt;
    last_syn_ns_ = 0;
    is_local(last_syn_.peer.address);
    return last_syn_.reversed();
}

void Packets::answer(ResetSent& reset, const Flow& own, std::uint64_t time_ns) const {
    reset.answers_segment = true;
    if (const Last* segment = last(own.reversed(), time_ns)) {
        reset.seq = segment->seq;
        reset.ack = segment->ack;
        reset.segment_flags = segment->flags;
    }
}

void Packets::describe(Drop& drop, const Flow& own, std::uint64_t time_ns) const {
    const Last* const segment = last(drop.outgoing ? own : own.reversed(), time_ns);
    if (!segment) return;
    drop.flags = segment->flags;
    drop.seq = segment->seq;
    drop.ack = segment->ack;
    drop.payload = segment->payload;
}

void Packets::find_syn_ack(std::uint32_t seq, Flow& flow, std::uint32_t& received_isn) const {
    const auto found = syn_acks_.find(seq);
    if (found == syn_acks_.end()) return;
    flow = found->second.flow;
    received_isn = found->second.answers;
}

/// The one address that the rows themselves mark as the host's own; none where they mark none, or several.
std::optional<Address> Packets::marked_own() const {
    std::optional<Address> own;
    for (const bool by_checksum : {true, false}) {
        for (const auto& [address, signs] : signs_) {
            const std::uint64_t marked = by_checksum ? signs.unfinished_checksums : signs.by_process;
            if (!marked || marked * 2 < signs.packets) continue;
            if (own) return std::nullopt;
            own = address;
        }
        if (own) return own;
    }
    return own;
}

/// Where sockets do not tell: what the rows mark as sent here, else the address that most packets have (a host sees its own traffic only), else the client's.
void Packets::orient(std::vector<Event>& events) {
    if (!given_.empty()) {  // what the text seemed to tell of these and of who speaks with them counts no more
        for (const Event& event : events)
            if (event.as<Segment>())
                for (const auto& [own, other] : {std::pair(event.flow.local.address, event.flow.peer.address), std::pair(event.flow.peer.address, event.flow.local.address)})
                    if (given_.contains(own) && !given_.contains(other)) local_.erase(other);
        local_.insert(given_.begin(), given_.end());
    }
    if (const auto own = local_.empty() ? marked_own() : std::nullopt) local_.insert(*own);
    std::map<Address, std::size_t> counts;
    for (const Event& event : events)
        if (event.as<Segment>() && !local_.contains(event.flow.local.address) && !local_.contains(event.flow.peer.address)) {
            ++counts[event.flow.local.address];
            ++counts[event.flow.peer.address];
        }
    const auto count = [&](const Address& address) {
        const auto found = counts.find(address);
        return found == counts.end() ? 0 : found->second;
    };
    guessed_ = local_.empty() && !counts.empty();
    const bool tie = counts.size() == 2 && counts.begin()->second == counts.rbegin()->second;
    if (tie) local_.insert(first_client_ && counts.contains(*first_client_) ? *first_client_ : counts.begin()->first);
    for (Event& event : events) {
        Segment* const segment = event.as<Segment>();
        if (!segment) continue;
        const Address &from = event.flow.local.address, &to = event.flow.peer.address;
        const bool from_here = local_.contains(from), to_here = local_.contains(to);
        segment->outgoing = from_here || to_here ? from_here : count(from) != count(to) ? count(from) > count(to) : peers_.contains(to) || !peers_.contains(from);
        if (!segment->outgoing) event.flow = event.flow.reversed();
    }
}

}  // namespace tcpwitness::windows
