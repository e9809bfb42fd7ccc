#include "outputs/json.h"

#include <map>

#include "base/text.h"
#include "correlate/markers.h"
#include "findings/time_split.h"
#include "model/control_group.h"
#include "model/describe.h"
#include "outputs/heading.h"
#include "outputs/json_writer.h"
#include "outputs/plan.h"
#include "outputs/wall_clock.h"

namespace tcpwitness {

namespace {

/// Writes the objects of one report, a line each, and hands every line to the sink at once.
class Lines {
public:
    Lines(const Story& story, Sink& sink) : story_(story), clock_(story.boot_to_wall_ns, true), sink_(sink) {}

    void witness(WitnessId);
    void files(const Witness&);
    void cgroups(const Recording&);
    void connection(const Connection&, const std::vector<std::size_t>& findings);
    void event(const Event&, const Connection*);
    void gap(const Event&);
    void verdict(const Verdict&);
    void benign(const Finding&);
    void finding(const Finding&, std::size_t number);

private:
    void begin(const char* type);
    void end();
    /// `time`, `time_unix_nano`, `time_boot_nano`, or the same with a prefix ("begin_time").
    void time(const std::string& prefix, std::uint64_t common_ns, std::optional<WitnessId> = {});
    void place(WitnessId);
    void flow(const Flow&);
    void task(const Task&);
    void facts(const Event&);
    void wire(const WireFacts&);
    void match(const CaptureMatch&);
    void time_split_of(const TimeSplit&);
    void wire_direction(const char* key, const WireDirection&);
    void numbers(const char* key, const auto& list);

    const Story& story_;
    WallClock clock_;
    Sink& sink_;
    std::string line_;
    JsonWriter json_{line_};
};

void Lines::begin(const char* type) {
    line_.clear();
    json_.restart();
    json_.begin_object();
    json_.member("type", type);
}

void Lines::end() {
    json_.end_object();
    line_ += '\n';
    sink_.append(line_);
}

void Lines::time(const std::string& prefix, std::uint64_t common_ns, std::optional<WitnessId> witness) {
    json_.member(prefix + "time", clock_.rfc3339(common_ns));
    json_.member(prefix + "time_unix_nano", std::to_string(clock_.wall_ns(common_ns)));
    if (story_.recordings.size() == 1) return json_.member(prefix + "time_boot_nano", std::to_string(common_ns));
    if (!witness) return;
    const Recording& recording = story_.recording_of(*witness);  // what its host itself took the time to be
    json_.member(prefix + "own_time_unix_nano", std::to_string(recording.own_wall_ns(common_ns)));
    if (recording.boot_to_wall_ns) json_.member(prefix + "time_boot_nano", std::to_string(recording.clock.own_ns(common_ns)));
}

void Lines::place(WitnessId id) {
    json_.member("witness", std::uint64_t{id} + 1);
    if (id >= story_.witnesses.size()) return;
    json_.member("host.name", story_.witnesses[id].host);
    json_.member("netns.name", story_.witnesses[id].name);
}

void Lines::flow(const Flow& flow) {
    const Address& known = flow.local.address.family != Address::Family::none ? flow.local.address : flow.peer.address;
    if (known.family == Address::Family::none && !flow.local.port && !flow.peer.port) return;
    json_.member("network.transport", "tcp");
    if (known.family == Address::Family::ipv4 || known.family == Address::Family::ipv6) json_.member("network.type", known.family == Address::Family::ipv6 ? "ipv6" : "ipv4");
    if (flow.local.address.family != Address::Family::none) json_.member("network.local.address", flow.local.address.text());
    if (flow.local.port) json_.member("network.local.port", flow.local.port);
    if (!flow.peer.address.unspecified()) json_.member("network.peer.address", flow.peer.address.text());
    if (flow.peer.port) json_.member("network.peer.port", flow.peer.port);
}

void Lines::task(const Task& task) {
    if (!task.known()) return;
    json_.member("process.pid", task.pid);
    json_.member("thread.id", task.tid);
    json_.member("process.command", task.comm);
    if (task.cgroup) json_.member("cgroup_id", task.cgroup);
}

void Lines::facts(const Event& event) {
    for (const Field& field : fields(event)) {
        json_.key(field.name);
        std::visit([this](const auto& value) { json_.value(value); }, field.value);
    }
}

void Lines::cgroups(const Recording& info) {
    json_.key("cgroups");
    json_.begin_array();
    for (const auto& [id, path] : info.cgroups) {
        const ControlGroup group = control_group(path);
        json_.begin_object();
        json_.member("cgroup_id", id);
        json_.member("path", path);
        if (!group.container_id.empty()) json_.member("container.id", group.container_id);
        if (!group.runtime.empty()) json_.member("container.runtime", group.runtime);
        if (!group.pod_uid.empty()) json_.member("k8s.pod.uid", group.pod_uid);
        if (!group.unit.empty()) json_.member("systemd.unit", group.unit);
        json_.end_object();
    }
    json_.end_array();
}

void Lines::numbers(const char* key, const auto& list) {
    json_.key(key);
    json_.begin_array();
    for (const auto number : list) json_.value(number);
    json_.end_array();
}

void Lines::witness(WitnessId id) {
    const Recording& info = story_.recording_of(id);
    const Witness& witness = story_.witnesses[id];
    begin("witness");
    json_.member("id", std::uint64_t{id} + 1);
    json_.member("host.name", witness.host);
    json_.member("os.type", info.tool == "Windows text" ? "windows" : "linux");
    json_.member("os.version", info.kernel);
    json_.member("netns.name", witness.name);
    json_.member("netns.inode", witness.netns);
    json_.member("boot_id", info.boot_id);
    json_.member("tool", info.tool);
    if (!info.command.empty()) json_.member("command", info.command);
    time("begin_", info.begin_ns, id);
    time("end_", info.end_ns, id);
    if (story_.recordings.size() > 1) files(witness);
    json_.member("cut_off", info.cut_off);
    if (!info.cut_note.empty()) json_.member("cut_note", info.cut_note);
    if (info.records) json_.member("records", info.records);
    for (const auto& [key, list] : {std::pair{"damage", &info.damage}, {"copies", &info.copies}}) {
        if (list->empty()) continue;
        json_.key(key);
        json_.begin_array();
        for (const std::string& one : *list) json_.value(one);
        json_.end_array();
    }
    json_.member("unknown_records", info.unknown_records);
    json_.member("foreign_packets", info.foreign_packets);
    if (!info.undecoded.empty()) {
        json_.key("undecoded");
        json_.begin_array();
        for (const auto& [what, packets] : info.undecoded) {
            json_.begin_object();
            json_.member("what", what);
            json_.member("packets", packets);
            json_.end_object();
        }
        json_.end_array();
    }
    if (info.capture() || info.sessions_not_listed) json_.member("sessions_not_listed", info.sessions_not_listed);
    json_.key("sysctls");
    json_.begin_object();
    for (const auto& [name, value] : witness.sysctls) json_.member(name, value);
    json_.end_object();
    if (!info.cgroups.empty()) cgroups(info);
    json_.key("probes");
    json_.begin_array();
    for (const ProbeStatus& probe : info.probes) {
        json_.begin_object();
        json_.member("name", probe.name);
        json_.member("hook", probe.hook);
        json_.member("status", probe.status);
        json_.member("events", probe.events);
        json_.member("lost", probe.lost);
        json_.end_object();
    }
    json_.end_array();
    end();
}

/// Of a case: which files hold what the witness saw, and what is known of their clocks.
void Lines::files(const Witness& witness) {
    json_.key("files");
    json_.begin_array();
    for (const RecordingId id : witness.recordings) {
        const Recording& recording = story_.recordings[id];
        const Clock& clock = recording.clock;
        json_.begin_object();
        json_.member("name", recording.file);
        json_.member("clock", name(clock.how));
        json_.member("clock_offset_ns", clock.wall_offset_ns);
        json_.member("clock_earlier_ns", clock.earlier_ns);
        json_.member("clock_later_ns", clock.later_ns);
        json_.member("clock_drift_ppm", clock.drift_ppm);
        json_.member("clock_drift_uncertainty_ppm", clock.drift_uncertainty_ppm);
        json_.member("clock_matches", clock.matches);
        if (!clock.note.empty()) json_.member("clock_note", clock.note);
        if (recording.overlap) {
            json_.member("packets_in_both", recording.overlap->packets);
            json_.member("packets_only_captured", recording.overlap->only_captured);
            json_.member("packets_only_traced", recording.overlap->only_traced);
            json_.member("sessions_without_socket", recording.overlap->sessions_without_socket);
            json_.member("packets_without_socket", recording.overlap->without_socket);
            json_.member("socket_events_without_packet", recording.overlap->events_without_packet);
        }
        json_.end_object();
    }
    json_.end_array();
}

void Lines::connection(const Connection& connection, const std::vector<std::size_t>& findings) {
    begin("connection");
    json_.member("id", connection.id);
    time("begin_", connection.begin_ns, connection.witness);
    time("end_", connection.end_ns, connection.witness);
    place(connection.witness);
    json_.member("role", role_text(connection));
    flow(connection.flow);
    task(connection.owner);
    json_.member("ending", name(connection.ending));
    if (connection.error) json_.member("error.type", errno_name(connection.error));
    json_.member("state", name(connection.state));
    json_.member("embryonic", connection.embryonic);
    json_.member("preexisting", connection.preexisting);
    json_.member("accepted", connection.accepted);
    if (connection.established_ns) time("established_", *connection.established_ns, connection.witness);
    if (connection.local_isn) json_.member("local_isn", *connection.local_isn);
    if (connection.peer_isn) json_.member("peer_isn", *connection.peer_isn);
    json_.member("socket_cookie", std::to_string(connection.cookie));
    if (connection.listener) json_.member("listener", connection.listener);
    if (connection.conversation) json_.member("conversation", connection.conversation);
    if (const Connection* other = story_.other_end(connection)) json_.member("other_end", other->id);
    if (const Connection* other = connection.role == Role::client ? story_.other_end(connection) : nullptr)
        if (const auto split = time_split(connection, *other)) time_split_of(*split);
    if (connection.wire) wire(*connection.wire);
    if (connection.capture_match) match(*connection.capture_match);
    json_.member("events", connection.events.size());
    json_.member("events_dropped", connection.events_dropped);
    json_.key("users");
    json_.begin_array();
    for (const Task& user : connection.users) {
        json_.begin_object();
        task(user);
        json_.end_object();
    }
    json_.end_array();
    numbers("findings", findings);
    end();
}

void Lines::time_split_of(const TimeSplit& split) {
    json_.key("time_split");
    json_.begin_object();
    json_.member("exchanges", split.exchanges);
    json_.member("client_ns", split.client_ns);
    json_.member("path_ns", split.path_ns);
    json_.member("server_ns", split.server_ns);
    json_.member("longest_ns", split.longest_ns);
    json_.member("longest_path_ns", split.longest_path_ns);
    json_.member("longest_server_ns", split.longest_server_ns);
    json_.member("longest_request", split.longest_request->id);
    json_.end_object();
}

void Lines::wire_direction(const char* key, const WireDirection& wire) {
    json_.key(key);
    json_.begin_object();
    json_.member("packets", wire.packets);
    json_.member("bytes", wire.bytes);
    json_.member("retransmitted", wire.retransmitted);
    json_.member("rto", wire.rto);
    json_.member("fast", wire.fast);
    json_.member("loss_probe", wire.loss_probe);
    json_.member("too_big", wire.too_big);
    json_.member("spurious", wire.spurious);
    json_.member("out_of_order", wire.out_of_order);
    json_.member("lost_before", wire.lost_before);
    json_.member("duplicate_acks", wire.duplicate_acks);
    json_.member("zero_windows", wire.zero_windows);
    json_.member("window_probes", wire.window_probes);
    json_.member("window_closed_ms", wire.window_closed_ms);
    json_.member("keepalives", wire.keepalives);
    if (wire.mss) json_.member("mss", wire.mss);
    if (wire.window_scale >= 0) json_.member("window_scale", static_cast<std::uint64_t>(wire.window_scale));
    if (wire.ttl) json_.member("ttl", wire.ttl);
    if (wire.least_rtt_us) json_.member("least_rtt_us", wire.least_rtt_us);
    if (wire.median_rtt_us) json_.member("median_rtt_us", wire.median_rtt_us);
    json_.end_object();
}

void Lines::wire(const WireFacts& facts) {
    json_.key("wire");
    json_.begin_object();
    json_.member("stream", facts.stream);
    json_.member("first_frame", facts.first_frame);
    json_.member("last_frame", facts.last_frame);
    json_.member("conn_state", facts.conn_state);
    json_.member("history", facts.history);
    json_.member("completeness", facts.completeness);
    json_.member("on_the_way", facts.on_the_way);
    if (facts.handshake_rtt_us) json_.member("handshake_rtt_us", facts.handshake_rtt_us);
    if (facts.syn_ack_us) json_.member("syn_ack_us", facts.syn_ack_us);
    wire_direction("client", facts.client);
    wire_direction("server", facts.server);
    json_.end_object();
}

void Lines::match(const CaptureMatch& match) {
    json_.key("capture");
    json_.begin_object();
    json_.member("packets", match.packets);
    json_.member("packets_without_socket", match.without_socket);
    numbers("frames_without_socket", match.frames);
    json_.member("socket_events_without_packet", match.events_without_packet());
    json_.key("without_packet");
    json_.begin_array();
    for (const CaptureMatch::Missing& missing : match.missing) {
        json_.begin_object();
        json_.member("what", name(missing.what));
        json_.member("count", missing.count);
        json_.member("event", missing.event);
        json_.end_object();
    }
    json_.end_array();
    json_.end_object();
}

void Lines::event(const Event& event, const Connection* connection) {
    begin("event");
    json_.member("id", event.id);
    time("", event.time_ns, event.witness);
    place(event.witness);
    if (connection) json_.member("connection", connection->id);
    json_.member("kind", kind_name(event));
    json_.member("layer", name(layer(event)));
    json_.member("noteworthy", noteworthy(event));
    json_.member("sentence", sentence_within(event, connection));
    flow(event.flow);
    if (event.state != TcpState::none) json_.member("state", name(event.state));
    if (event.cookie) json_.member("socket_cookie", std::to_string(event.cookie));
    json_.member("cpu", event.cpu);
    if (const auto* segment = event.as<Segment>(); segment && segment->interface < story_.interfaces.size())
        json_.member("interface", story_.interfaces[segment->interface].name);
    facts(event);
    end();
}

void Lines::gap(const Event& event) {
    begin("gap");
    json_.member("id", event.id);
    if (const auto* gap = event.as<Gap>()) {
        time("begin_", gap->from_ns);
        time("end_", gap->to_ns);
    }
    json_.member("sentence", sentence(event));
    facts(event);
    end();
}

void Lines::finding(const Finding& finding, std::size_t number) {
    begin("finding");
    json_.member("id", number);
    json_.member("rule", finding.rule);
    json_.member("culprit", name(finding.culprit));
    json_.member("certainty", name(finding.certainty));
    if (finding.state) json_.member("state", true);
    json_.member("headline", finding.headline);
    json_.key("reasons");
    json_.begin_array();
    for (const std::string& reason : finding.reasons) json_.value(reason);
    json_.end_array();
    numbers("evidence", finding.evidence);
    if (finding.proof && finding.certainty == Certainty::proven) json_.member("ground", finding.proof->ground);
    json_.member("settle", finding.settle);
    json_.member("count", finding.count);
    time("first_", finding.first_ns);
    time("last_", finding.last_ns);
    numbers("connections", finding.connections);
    end();
}

void Lines::verdict(const Verdict& verdict) {
    begin("verdict");
    json_.member("verdict", name(verdict.what));
    json_.member("sentence", verdict.sentence);
    json_.key("reasons");
    json_.begin_array();
    for (const std::string& reason : verdict.reasons) json_.value(reason);
    json_.end_array();
    json_.member("findings", verdict.findings);
    json_.member("benign", verdict.benign);
    json_.member("connections", verdict.connections);
    json_.member("of_connections", verdict.of_connections);
    end();
}

void Lines::benign(const Finding& pattern) {
    begin("benign");
    json_.member("pattern", pattern.benign);
    json_.member("rule", pattern.rule);
    json_.member("where", pattern.headline);
    json_.member("count", pattern.count);
    time("first_", pattern.first_ns);
    time("last_", pattern.last_ns);
    numbers("connections", pattern.connections);
    end();
}

}  // namespace

void write_json(const Story& story, const Judgement& judged, const OutputOptions& options, Sink& sink) {
    Lines lines(story, sink);
    const std::vector<const Finding*> chosen = ranked(story, judged.findings, options);
    lines.verdict(judged.verdict);
    for (WitnessId id = 0; id < story.witnesses.size(); ++id) lines.witness(id);
    for (std::size_t i = 0; i < chosen.size(); ++i) lines.finding(*chosen[i], i + 1);
    for (const Finding& pattern : judged.benign) lines.benign(pattern);
    for (const Event& event : story.gaps) lines.gap(event);
    if (options.findings_only) return;
    for (const Event& event : story.environment) lines.event(event, nullptr);
    for (const Event& event : story.repeats) lines.event(event, nullptr);

    std::map<ConnectionId, std::vector<std::size_t>> numbers;
    for (std::size_t i = 0; i < chosen.size(); ++i)
        for (const ConnectionId id : chosen[i]->connections) numbers[id].push_back(i + 1);
    for (const Connection& connection : story.connections) {
        if (!sink.good()) return;
        if (options.selected && !options.selected(connection)) continue;
        const auto found = numbers.find(connection.id);
        lines.connection(connection, found == numbers.end() ? std::vector<std::size_t>{} : found->second);
        for (const Event& event : connection.events) lines.event(event, &connection);
    }
    for (const Event& event : story.process_exits) lines.event(event, nullptr);
    for (const Event& event : story.neighbours) lines.event(event, nullptr);
    for (const Event& event : story.unmatched)
        if (!options.selected || sets_marker(event)) lines.event(event, nullptr);
}

}  // namespace tcpwitness
