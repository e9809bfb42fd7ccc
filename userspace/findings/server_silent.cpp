#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "findings/every_rule.h"
#include "findings/facts.h"
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

enum class How { answered, closed, gave_up, open };

struct Wait {
    const Event *request, *ack;
    const Event* end = nullptr;  ///< what ended it; nullptr when the recording did, or the socket's end
    std::uint64_t end_ns = 0;
    How how = How::open;
};

/// What one connection shows of its asking and answering.
struct Manner {
    std::vector<Wait> waits;   ///< those that took too long
    bool answers = false;      ///< data came back at least once
    bool pushes = false;       ///< the client sent more after a long silence, so it had not waited for an answer
};

/// `asks_out`: this end is the one that asks.
Manner manner_of(const Connection& c, bool asks_out, std::uint64_t story_end_ns) {
    Manner manner;
    Wait wait{};
    const auto over = [&](const Event* end, std::uint64_t at_ns, How how) {
        if (wait.request && wait.ack && at_ns - wait.request->time_ns >= too_long_ns) {
            wait.end = end;
            wait.end_ns = at_ns;
            wait.how = how;
            manner.waits.push_back(wait);
        }
        wait = {};
    };
    for (const Event* event : segments_of(c)) {
        const Segment& segment = *event->as<Segment>();
        if (segment.outgoing != asks_out) {
            if (segment.payload) {
                manner.answers = true;
                over(event, event->time_ns, How::answered);
            } else if (segment.rst() || segment.fin()) {
                over(event, event->time_ns, How::closed);
            } else if (wait.request && !wait.ack && acknowledges(segment, end_of(*wait.request->as<Segment>()))) {
                wait.ack = event;
            }
            continue;
        }
        const bool waited_long = wait.request && wait.ack && event->time_ns - wait.request->time_ns >= too_long_ns;
        if (segment.rst() || (segment.fin() && waited_long)) {
            over(event, event->time_ns, How::gave_up);
        } else if (segment.payload && !(wait.request && seq_before(segment.seq, end_of(*wait.request->as<Segment>())))) {
            manner.pushes = manner.pushes || waited_long;
            wait = {event, nullptr};
        }
    }
    over(nullptr, c.live() ? story_end_ns : c.end_ns, c.live() ? How::open : How::gave_up);
    return manner;
}

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

Finding tell(const Story& story, const Connection& c, const Wait& wait, bool asks_out, bool known_to_answer) {
    const bool sure = wait.how == How::answered || wait.how == How::closed || known_to_answer;
    Finding f = about(id, asks_out ? Culprit::peer_application : Culprit::local_application, sure ? Certainty::likely : Certainty::possible, c, wait.end_ns);
    f.first_ns = wait.request->time_ns;
    f.onset_ns = wait.ack->time_ns;  // until then the silence is the path's
    const std::string request = count_text(wait.request->as<Segment>()->payload, "byte", "bytes");
    const std::string time = since(wait.request->time_ns, wait.end_ns);
    f.headline = asks_out ? fmt::format("{}{}: {} acknowledged a request of {} and did not answer for {}; {}", who(c), at_place(story, c), c.flow.peer.text(), request, time, end_text(wait.how))
                          : fmt::format("{}{} left a request of {} from {} unanswered for {}; {}", who(c), at_place(story, c), request, c.flow.peer.text(), time, end_text(wait.how));
    f.reasons.push_back(fmt::format("the request was acknowledged {} after it was sent: the path works, and so does the kernel that acknowledged", since(wait.request->time_ns, wait.ack->time_ns)));
    if (!sure) f.reasons.push_back("nothing in this recording shows that the service answers at all: it may be one that only takes data");
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
    for (const Connection& c : story.connections) {
        if (c.is_listener() || c.role == Role::unknown || !c.has(sign::established) || !segments_recorded(story, c.witness)) continue;
        const bool asks_out = c.role == Role::client;
        if (!asks_out && story.other_end(c)) continue;  // the client tells it
        Case one{&c, asks_out, asks_out ? c.flow.peer : c.flow.local, manner_of(c, asks_out, story.end_ns)};
        if (one.manner.answers || (c.wire && c.wire->server.bytes)) answering.insert(one.service);
        if (one.manner.pushes) pushed_to.insert(one.service);
        if (!one.manner.waits.empty()) cases.push_back(std::move(one));
    }
    for (const Case& one : cases)
        for (const Wait& wait : one.manner.waits)
            if (wait.how == How::answered || !pushed_to.contains(one.service))
                found.push_back(tell(story, *one.connection, wait, one.asks_out, answering.contains(one.service)));
    std::set<ConnectionId> told;
    for (const Finding& f : found) told.insert(f.connections.begin(), f.connections.end());
    for (Finding& f : requests_given_up(story, id, told, proofs[left_unread])) found.push_back(std::move(f));
    return found;
}

}  // namespace

const Rule server_silent = {
    id, "a server acknowledged a request and did not answer it",
    "The request arrived: the server's kernel, or something in front of it, acknowledged every byte. But no answer came for 5 s or more, or the client's own time limit was over before. The network did its part; the application is busy, stuck, or waits for something "
    "itself, or a proxy took the request and has nobody to give it to.",
    "Always: a client that closed its connection first, a second or more after it was established, and by the numbers of its FIN had got no byte. Besides one of: the process failed right then (curl's status 28), "
    "the server's queue held the request unread, no process had accepted the connection, the service answers others, or the client asked once and left after a whole number of seconds. "
    "With `--segments` sizes and times of segments tell a request from an answer. Data went to the server, was acknowledged, and neither data nor FIN came back for 5 s, while the client sent nothing more. When the server's host is in "
    "the story too, it tells which process holds the connection: then it is proven.",
    "Not an idle connection: nobody has asked. Not a service that only takes data (logs, metrics): a client that goes on sending after a silence was not waiting, and such services are left out. Not a client that closed its "
    "half and gets its answer in time. A long poll answers late by design and looks the same.",
    "Look at the server's process in that time: its log, its threads, what it waits for (a database, a lock, another service). `hung-service` tells more when the server's host is recorded. If a proxy or load balancer "
    "stands between, record behind it.",
    find,
    proofs,
};

}  // namespace tcpwitness
