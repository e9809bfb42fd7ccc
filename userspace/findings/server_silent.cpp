#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/benign.h"
#include "findings/closed_unanswered.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
#include "findings/packets_alone.h"
#include "findings/request_given_up.h"
#include "findings/segments.h"

namespace tcpwitness {

namespace {

constexpr const char* id = "server-silent";

enum { sent_nothing, left_unread };
constexpr Proof proofs[] = {
    {"the server was recorded: the request reached it, and it sent nothing in that time", silence},
    {"the server's socket was looked at, again and again: what the client had sent lay there unread until the client left", 0},
};
constexpr std::uint64_t too_long_ns = 5'000'000'000;
constexpr std::uint64_t on_its_way_ns = 1'000'000'000;  ///< an answer that takes longer is held up

/// Shorter messages may be pings, keepalives, window updates, good-byes or the end of a handshake (BGP, HTTP/2, SSH, a Finished of TLS 1.3): such a one asks
/// only where one like it was answered.
constexpr std::uint32_t small_message = 80;
constexpr std::size_t few_small = 3;
constexpr std::size_t few_replies = 2;
constexpr std::uint32_t good_bye = 256;  ///< with the FIN, after an exchange: a client that has closed asks nothing
constexpr std::uint16_t bgp_port = 179;
constexpr std::uint32_t sign_of_life = 8;     ///< bytes: what comes after a long silence and is that small is no answer, but the protocol's keepalive

/// TCP's own keepalive: nobody answers it but by an ACK. A kernel that probes with a byte sets no PSH; a program's last byte has it.
bool keeps_alive(const Segment& segment) {
    if (segment.marks & (segment_mark::keepalive | segment_mark::window_probe)) return true;
    return segment.payload == 1 && !(segment.flags & tcp_flag::psh);
}

/// BGP's ends speak at their own pace, and nobody answers (RFC 4271).
bool nobody_asks(const Flow& flow) { return flow.local.port == bgp_port || flow.peer.port == bgp_port; }
constexpr std::uint64_t long_ns = 30'000'000'000;  ///< until then, what nobody has answered when the recording ends may need no answer
constexpr std::uint64_t no_more_ns = 60'000'000'000;  ///< a session of which a capture shows nothing for longer may be missing in it
constexpr std::uint64_t soon_ns = 1'000'000'000;  ///< an answer that comes so soon belongs to what was asked

enum class How { answered, closed, gave_up, open };

struct Wait {
    const Event *request, *ack;
    const Event* end = nullptr;  ///< what ended it; nullptr when the recording did, or the socket's end
    std::uint64_t end_ns = 0;
    How how = How::open;
    bool small = false;          ///< and had been told before that nothing of that size is answered
    bool first = false;          ///< of what the client says on a connection: whoever opens one wants something
    bool in_turn = false;        ///< each end had spoken in its turn so far, and the server at once
    bool typed = false;          ///< by hand: the server had sent back what came, as a terminal does. A command runs as long as it runs, and shows something else
};

/// Requests of about one size are taken for the same kind: one that waits for an event is asked for again and again, perhaps on connections of its own.
std::uint32_t alike(const Segment& request) { return request.payload / 16; }

/// What one connection shows of its asking and answering.
struct Manner {
    std::vector<Wait> waits;   ///< those that took too long
    std::size_t prompt = 0, late = 0;  ///< answers that came soon, and after too long
    std::map<std::uint32_t, std::size_t> prompt_like;  ///< the soon ones, by alike()
    bool answers = false;      ///< data came back at least once
    bool pushes = false;       ///< the client sent more after a long silence, so it had not waited for an answer
    bool unasked = false;      ///< the server sends when nobody has asked: what comes late need not be an answer

    /// Most answers come late, so it holds requests until there is something to tell.
    bool long_poll() const { return late >= 2 && late >= prompt; }
};

/// Walks a connection once; `asks_out`: this end is the one that asks.
class Exchange {
public:
    Exchange(const Story& story, const Connection& c, bool asks_out) : story_(story), c_(c), asks_out_(asks_out) {}

    Manner manner() {
        for (const Event* event : kept_segments(c_)) {
            const Segment& segment = *event->as<Segment>();
            segment.outgoing == asks_out_ ? take_client(*event, segment) : take_server(*event, segment);
        }
        over(nullptr, watched_to(story_, c_), c_.live() ? How::open : How::gave_up);
        // Somebody types commands there, and this end carries them out: a shell that called home.
        if (replies_ >= few_replies && manner_.prompt == 0 && largest_late_ <= small_message) manner_.unasked = true;
        return std::move(manner_);
    }

private:
    bool waited_long(std::uint64_t at_ns) const { return wait_.request && wait_.ack && at_ns >= wait_.ack->time_ns + too_long_ns; }

    void over(const Event* end, std::uint64_t at_ns, How how) {
        if (wait_.request && wait_.ack)
            if (const std::uint64_t seen_ns = watched_until(story_, c_.witness, wait_.ack->time_ns, at_ns); seen_ns < at_ns) {
                end = nullptr;
                at_ns = seen_ns;
                how = How::open;
            }
        if (waited_long(at_ns)) {
            wait_.end = end;
            wait_.end_ns = at_ns;
            wait_.how = how;
            manner_.late += how == How::answered;
            manner_.waits.push_back(wait_);
        } else if (wait_.request && how == How::answered && at_ns < wait_.request->time_ns + soon_ns) {
            const Segment& request = *wait_.request->as<Segment>();
            ++manner_.prompt;
            ++manner_.prompt_like[alike(request)];
            if (!wait_.first && !in_turn_) in_turn_ = true;
            small_prompt_ += request.payload <= small_message;
            echoed_ += request.payload <= small_message && end->as<Segment>()->payload == request.payload;
        }
        wait_ = {};
    }

    /// An answer came, but nobody knows when: it was not captured, or was lost on its way at first.
    void lost_track() { wait_ = {}; }

    void take_server(const Event& event, const Segment& segment) {
        const bool beyond = server_next_ && !segment.rst() && seq_after(segment.seq, *server_next_);
        if (segment.payload) {
            constexpr std::uint32_t late_copy = segment_mark::retransmission | segment_mark::lost_before;
            if (!wait_.request && server_ns_ && event.time_ns > server_ns_ + soon_ns) manner_.unasked = true;
            manner_.answers = true;
            server_spoke_ = true;
            server_ns_ = event.time_ns;
            if (waited_long(event.time_ns)) largest_late_ = std::max(largest_late_, segment.payload);
            client_replied_ = false;
            if (waited_long(event.time_ns) && event.time_ns >= wait_.ack->time_ns + long_ns && segment.payload <= sign_of_life) return lost_track();
            beyond || segment.marks & late_copy ? lost_track() : over(&event, event.time_ns, How::answered);
        } else if (segment.rst() || segment.fin()) {
            beyond ? lost_track() : over(&event, event.time_ns, How::closed);
        } else if (beyond) {
            lost_track();
        } else if (wait_.request && !wait_.ack && acknowledges(segment, end_of(*wait_.request->as<Segment>()))) {
            wait_.ack = &event;
        }
        if (!segment.rst() && (!server_next_ || seq_after(end_of(segment), *server_next_))) server_next_ = end_of(segment);
    }

    void take_client(const Event& event, const Segment& segment) {
        if (server_next_ && !segment.rst() && segment.flags & tcp_flag::ack && seq_after(segment.ack, *server_next_)) {
            server_next_ = segment.ack;
            manner_.answers = true;
            lost_track();
        }
        if (keeps_alive(segment)) return;
        const bool waited = waited_long(event.time_ns);
        if (segment.rst() || (segment.fin() && waited)) {
            over(&event, event.time_ns, How::gave_up);
        } else if (segment.payload && !(wait_.request && seq_before(segment.seq, end_of(*wait_.request->as<Segment>())))) {
            manner_.pushes = manner_.pushes || waited;
            if (server_ns_ && !std::exchange(client_replied_, true) && event.time_ns < server_ns_ + soon_ns) ++replies_;
            if (segment.fin() && manner_.answers && segment.payload <= good_bye) return lost_track();
            if (wait_.request && wait_.ack && event.time_ns >= wait_.request->time_ns + soon_ns) in_turn_ = false;
            if (client_turns_ == 0 || std::exchange(server_spoke_, false)) ++client_turns_;
            begin_wait(event, segment.payload <= small_message);
        }
    }

    void begin_wait(const Event& event, bool small) {
        wait_ = {&event, nullptr};
        wait_.first = client_turns_ == 1 && !c_.preexisting;
        wait_.in_turn = in_turn_.value_or(false);
        if (!small) return;
        wait_.typed = echoed_ >= few_small && echoed_ * 2 >= small_prompt_;
        // What is small asks where nearly everything small was answered at once: a database, a shell.
        wait_.small = manner_.answers && (small_prompt_ < few_small || small_prompt_ + 1 < small_asked_);
        ++small_asked_;
    }

    const Story& story_;
    const Connection& c_;
    bool asks_out_;
    std::size_t small_prompt_ = 0, small_asked_ = 0, echoed_ = 0;
    std::size_t client_turns_ = 0;
    bool server_spoke_ = false;    ///< since the client did
    std::optional<bool> in_turn_;  ///< nothing: the server has answered nothing at once so far, but what came first
    std::size_t replies_ = 0;  ///< how often the client spoke right after the server had
    bool client_replied_ = true;
    std::uint32_t largest_late_ = 0;  ///< bytes of what the server said after too long
    Manner manner_;
    Wait wait_{};
    std::uint64_t server_ns_ = 0;
    std::optional<std::uint32_t> server_next_;
};

const char* end_text(How how) {
    switch (how) {
        case How::answered: return "then the answer came";
        case How::closed: return "then the server closed the connection without one";
        case How::gave_up: return "then the client gave up";
        case How::open: break;
    }
    return "and none had come when the recording ended";
}

/// The server's own trace: did its kernel hand the request on?
void ask_server(Finding& f, const Story& story, const Connection& server, const Wait& wait) {
    add_end(f, &server);
    const Segment& request = *wait.request->as<Segment>();
    const auto segments = segments_of(server);
    const auto arrived = std::find_if(segments.begin(), segments.end(), [&](const Event* event) {
        const Segment& segment = *event->as<Segment>();
        return !segment.outgoing && segment.payload && !seq_before(end_of(segment), end_of(request));
    });
    if (arrived == segments.end()) return;
    cite(f, *arrived);
    const auto answer = std::find_if(arrived, segments.end(), [](const Event* event) { return event->as<Segment>()->outgoing && event->as<Segment>()->payload; });
    if (answer != segments.end() && (*answer)->time_ns + on_its_way_ns < wait.end_ns) {
        cite(f, *answer);
        f.culprit = Culprit::path;
        f.reasons.push_back(fmt::format("{} sent an answer {} after the request had come; it was lost or held up on its way back", place(story, server.witness),
                                        since((*arrived)->time_ns, (*answer)->time_ns)));
        return;
    }
    prove(f, proofs[sent_nothing]);
    lean_on(f, server.witness);
    f.reasons.push_back(server.accepted ? fmt::format("the request reached {}, where {} holds the connection and sent nothing in that time", place(story, server.witness), who(server))
                                        : fmt::format("the request reached {}, where no process had accepted the connection", place(story, server.witness)));
}

Finding tell(const Story& story, const Connection& c, const Wait& wait, bool asks_out, bool owed, bool known_to_answer) {
    const bool stops = by_packets(c) && wait.how == How::open;  // joined or cut captures stop in the midst of a session
    const bool over = wait.how == How::answered || wait.how == How::closed;
    const bool sure = over ? owed : known_to_answer && (wait.how == How::gave_up || (!stops && wait.end_ns >= wait.ack->time_ns + long_ns));
    Finding f = about(id, asks_out ? Culprit::peer_application : Culprit::local_application, sure ? Certainty::likely : Certainty::possible, c, wait.end_ns);
    if (wait.how == How::answered || (!sure && wait.how == How::open)) f.harm = Harm::delay;
    f.first_ns = wait.request->time_ns;
    f.weight = wait.end_ns - std::min(wait.end_ns, wait.ack->time_ns);
    f.onset_ns = wait.ack->time_ns;  // until then the silence is the path's
    const std::string request = count_text(wait.request->as<Segment>()->payload, "byte", "bytes");
    const std::string time = since(wait.ack->time_ns, wait.end_ns);
    f.headline = asks_out ? fmt::format("{}{}: {} acknowledged a request of {} and did not answer for {}; {}", who(c), at_place(story, c), c.flow.peer.text(), request, time, end_text(wait.how))
                          : fmt::format("{}{} left a request of {} from {} unanswered for {}; {}", who(c), at_place(story, c), request, c.flow.peer.text(), time, end_text(wait.how));
    f.reasons.push_back(fmt::format("the request was acknowledged {} after it was sent: the path works, and so does the kernel that acknowledged", since(wait.request->time_ns, wait.ack->time_ns)));
    if (!owed && !sure)
        f.reasons.push_back("nothing in this recording shows that a message of this kind is answered");
    else if (stops && known_to_answer)
        f.reasons.push_back("nothing more of this connection was captured, of either end");
    else if (!sure)
        f.reasons.push_back(known_to_answer ? "no answer had come so far: this message may be one that is not answered"
                                            : "nothing in this recording shows that the service answers at all: it may be one that only takes data");
    cite(f, wait.request);
    cite(f, wait.ack);
    cite(f, wait.end);
    f.settle = asks_out ? record_on(c.flow.peer.address) + ": it tells whether the request reached the application there, or something in front of it acknowledges"
                        : fmt::format("look at what {} does in that time (its stack, its own log, what it waits for)", who(c));
    if (const Connection* server = story.other_end(c); server && asks_out && server->id != c.id) ask_server(f, story, *server, wait);
    f.fold_key = fmt::format("{}/{}/{}", c.witness, c.owner.comm, (asks_out ? c.flow.peer : c.flow.local).text());
    return f;
}

std::vector<Finding> find(const Story& story) {
    std::vector<Finding> found;
    struct Case {
        const Connection* connection;
        bool asks_out;
        Endpoint service;
        Manner manner;
    };
    std::vector<Case> cases;
    std::set<Endpoint> answering, pushed_to;
    std::map<std::pair<Endpoint, std::uint32_t>, std::size_t> late_like, prompt_like;
    for (const Connection* one : with_segments(story)) {
        const Connection& c = *one;
        if (c.role == Role::unknown || nobody_asks(c.flow)) continue;
        const bool asks_out = c.role == Role::client;
        if (!asks_out && story.other_end(c)) continue;  // the client tells it
        Case seen{&c, asks_out, asks_out ? c.flow.peer : c.flow.local, Exchange(story, c, asks_out).manner()};
        if (seen.manner.answers || (c.wire && c.wire->server.bytes)) answering.insert(seen.service);
        if (seen.manner.pushes) pushed_to.insert(seen.service);
        for (const auto& [size, count] : seen.manner.prompt_like) prompt_like[{seen.service, size}] += count;
        if (!seen.manner.waits.empty()) cases.push_back(std::move(seen));
    }
    for (const Case& one : cases)
        for (const Wait& wait : one.manner.waits)
            if (wait.how == How::answered) ++late_like[{one.service, alike(*wait.request->as<Segment>())}];
    const auto soon_alike = [&](const Endpoint& service, std::uint32_t size) {
        return prompt_like.contains({service, size}) || prompt_like.contains({service, size + 1}) || (size && prompt_like.contains({service, size - 1}));
    };
    for (const Case& one : cases)
        for (const Wait& wait : one.manner.waits) {
            const Connection& c = *one.connection;
            const auto kind = std::pair{one.service, alike(*wait.request->as<Segment>())};
            const std::size_t late = late_like[kind];
            const bool held = late >= 2 && late >= prompt_like[kind];  // this kind of request is mostly answered late
            const bool shown = wait.typed && (wait.how != How::answered || wait.end->as<Segment>()->payload != wait.request->as<Segment>()->payload);
            if (wait.small || shown || one.manner.unasked) continue;
            const bool like_answered = wait.first || soon_alike(one.service, kind.second);
            const bool owed = like_answered || wait.in_turn;
            if (wait.how == How::answered && (held || one.manner.long_poll()))
                found.push_back(harmless(benign::long_poll, id, c, wait.end_ns, between(story, c)));
            else if (wait.how == How::answered && !owed && wait.end->as<Segment>()->payload <= small_message)
                continue;  // as like as not a word of its own: two peers that speak when they want to
            else if (by_packets(c) && wait.how == How::open && (!like_answered || !answering.contains(one.service) || wait.end_ns >= wait.ack->time_ns + no_more_ns))
                found.push_back(harmless(benign::stops_in_midst, id, c, wait.end_ns, between(story, c)));
            else if (wait.how == How::answered || !pushed_to.contains(one.service))
                found.push_back(tell(story, c, wait, one.asks_out, owed, answering.contains(one.service)));
        }
    std::set<ConnectionId> told;
    for (const Finding& f : found) told.insert(f.connections.begin(), f.connections.end());
    for (Finding& f : requests_given_up(story, id, told, proofs[left_unread])) found.push_back(std::move(f));
    for (Finding& f : closed_unanswered(story, id, told)) found.push_back(std::move(f));
    return found;
}

}  // namespace

const Rule server_silent = {
    id, "a server acknowledged a request and did not answer it",
    "The request arrived: the server's kernel, or something in front of it, acknowledged every byte. But no answer came for 5 s or more, or the client's own time limit was over before. The network did its part; the application is busy, stuck, or waits for something "
    "itself, or a proxy took the request and has nobody to give it to.",
    "Always: a client that closed its connection first, a second or more after it was established, and by the numbers of its FIN had got no byte. Besides one of: the process failed right then (curl's status 28), "
    "the server's queue held the request unread, no process had accepted the connection, the service answers others, or the client asked once and left after a whole number of seconds. "
    "So does a server that closed first, and by the numbers of its FIN had got something and sent no byte, when its process failed right then, the client's did, or the service answers others and held the connection for a second or more. "
    "With `--segments` sizes and times of segments tell a request from an answer. Data went to the server, was acknowledged, and neither data nor FIN came back for 5 s from that ACK on, while the client sent nothing more. When the server's host is in "
    "the story too, it tells which process holds the connection: then it is proven.",
    "Not an idle connection: nobody has asked. Not a service that only takes data (logs, metrics): a client that goes on sending after a silence was not waiting, and such services are left out. Not a client that closed its "
    "half and gets its answer in time. Not a server that answers most requests late: it holds them by design (long poll), and that is counted as benign. Not pings and keepalives (BGP, TLS, HTTP/2, SSH): a message of 80 bytes or "
    "less asks only where one like it was answered before, and a server that speaks unasked owes no answer, nor one that sends back what is typed. What is neither the first message of its "
    "connection, nor like one that was answered at once, nor said in turn, need not ask: a late answer to it is possible at most, and none where the capture ends. Not an answer that was lost on its way, or is missing in the capture.",
    "Look at the server's process in that time: its log, its threads, what it waits for (a database, a lock, another service). `hung-service` tells more when the server's host is recorded. If a proxy or load balancer "
    "stands between, record behind it.",
    find,
    proofs,
};

}  // namespace tcpwitness
