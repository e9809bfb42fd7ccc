#include "case/case_story.h"

#include <algorithm>
#include <map>

#include "base/heap.h"
#include "case/capture_match.h"
#include "case/common_clock.h"
#include "case/message_log.h"
#include "case/one_kind.h"
#include "case/shared_packets.h"
#include "correlate/correlator.h"

namespace tcpwitness {

namespace {

/// The times in an event, from its recording's clock to the common one.
void to_common(Event& event, const Clock& clock) {
    const auto convert = [&](std::uint64_t& time_ns) {
        if (time_ns) time_ns = clock.common_ns(time_ns);
    };
    convert(event.time_ns);
    if (Gap* gap = event.as<Gap>()) convert(gap->from_ns), convert(gap->to_ns);
    if (Queue* queue = event.as<Queue>()) convert(queue->since_ns);
    if (Repeats* repeats = event.as<Repeats>()) convert(repeats->from_ns), convert(repeats->to_ns);
}

/// Witnesses of all exhibits, numbered through; those that stand at one place are one.
class Places {
public:
    Places(const std::vector<Exhibit>& exhibits, const SamePlaces& same) {
        for (std::size_t e = 0; e < exhibits.size(); ++e)
            for (WitnessId w = 0; w < exhibits[e].info.witnesses.size(); ++w) {
                const WitnessOf here{e, w};
                const auto twin = std::find_if(same.begin(), same.end(), [&](const auto& pair) { return pair.second == here && ids_.contains(pair.first); });
                Witness witness = exhibits[e].info.witnesses[w];
                if (twin == same.end()) {
                    witness.recordings = {static_cast<RecordingId>(e)};
                    ids_[here] = static_cast<WitnessId>(witnesses.size());
                    witnesses.push_back(std::move(witness));
                    continue;
                }
                const WitnessId one = ids_[here] = ids_[twin->first];
                Witness& known = witnesses[one];
                std::vector<RecordingId> recordings = std::move(known.recordings);
                recordings.push_back(static_cast<RecordingId>(e));
                if (exhibits[recordings.front()].capture() && !exhibits[e].capture()) {  // a trace knows more about its namespace
                    known = std::move(witness);
                    std::rotate(recordings.begin(), recordings.end() - 1, recordings.end());
                }
                known.recordings = std::move(recordings);
            }
    }

    WitnessId operator()(std::size_t exhibit, WitnessId witness) const {
        const auto at = ids_.find({exhibit, witness});
        return at == ids_.end() ? 0 : at->second;
    }

    std::vector<Witness> witnesses;

private:
    std::map<WitnessOf, WitnessId> ids_;
};

/// Puts an exhibit on the common clock and under the common numbers.
void adapt(Exhibit& exhibit, RecordingId id, const Places& places, std::uint32_t first_interface) {
    TraceInfo& info = exhibit.info;
    std::uint64_t first = info.started_ns, last = info.ended_ns;
    for_each_event(exhibit, [&](const Event& event) {
        if (event.time_ns && (first == 0 || event.time_ns < first) && !event.as<Gap>()) first = event.time_ns;
        last = std::max(last, event.time_ns);
    });
    info.begin_ns = info.clock.common_ns(first);
    info.end_ns = info.clock.common_ns(last);
    for_each_event(exhibit, [&](Event& event) {
        to_common(event, info.clock);
        event.witness = places(id, event.witness);
        if (Segment* segment = event.as<Segment>()) {
            segment->interface += first_interface;
            segment->recording = id;
        }
        if (Icmp* icmp = event.as<Icmp>()) icmp->recording = id;
        if (Gap* gap = event.as<Gap>()) gap->recording = id;
    });
    for (SessionFacts& session : exhibit.sessions) {
        session.witness = places(id, session.witness);
        session.begin_ns = info.clock.common_ns(session.begin_ns);
        session.end_ns = info.clock.common_ns(session.end_ns);
    }
    for (Connection& connection : exhibit.connections) {
        connection.witness = places(id, connection.witness);
        for (std::uint64_t* time_ns : {&connection.begin_ns, &connection.end_ns, &connection.dropped_until_ns})
            if (*time_ns) *time_ns = info.clock.common_ns(*time_ns);
        if (connection.established_ns) connection.established_ns = info.clock.common_ns(*connection.established_ns);
    }
}

void number_events(std::vector<Event>& events, std::vector<Exhibit>& exhibits) {
    std::vector<Event*> order;
    for (Event& event : events) order.push_back(&event);
    for (Exhibit& exhibit : exhibits) for_each_event(exhibit, [&](Event& event) { order.push_back(&event); });
    std::stable_sort(order.begin(), order.end(), [](const Event* a, const Event* b) { return a->time_ns < b->time_ns; });
    for (std::size_t i = 0; i < order.size(); ++i) order[i]->id = i + 1;
}

void tell_wire(Story& story, std::vector<SessionFacts> facts) {
    std::map<std::pair<WitnessId, Flow>, std::vector<SessionFacts*>> by_flow;
    for (SessionFacts& one : facts) by_flow[{one.witness, one.flow}].push_back(&one);
    for (Connection& connection : story.connections) {
        const auto at = by_flow.find({connection.witness, connection.flow});
        if (connection.wire || at == by_flow.end()) continue;
        for (SessionFacts* one : at->second)
            if (one->wire && one->begin_ns <= connection.end_ns && one->end_ns + 1'000'000'000 >= connection.begin_ns) {
                connection.wire = std::move(one->wire);
                break;
            }
    }
}

void add(std::vector<Event>& events, Correlator& correlator) {
    HeapOfHugePages heap;
    for (Event& event : events) {
        correlator.add(std::move(event));
        heap.look();
    }
}

Story alone(Exhibit exhibit) {
    Correlator correlator(exhibit.info, Limits::offline());
    correlator.adopt(std::move(exhibit.connections));
    add(exhibit.events, correlator);
    Story story = std::move(correlator.finish());
    for (Event& event : exhibit.unmatched) story.add_unmatched(std::move(event));
    tell_wire(story, std::move(exhibit.sessions));
    return story;
}

}  // namespace

Story story_of(std::vector<Exhibit> exhibits) {
    place_logs(exhibits);
    if (exhibits.size() == 1) return alone(std::move(exhibits.front()));
    Places places(exhibits, align_clocks(exhibits));
    Story described;
    for (RecordingId id = 0; id < exhibits.size(); ++id) {
        Exhibit& exhibit = exhibits[id];
        const auto first_interface = static_cast<std::uint32_t>(described.interfaces.size());
        for (Interface interface : exhibit.info.interfaces) {
            interface.witness = places(id, interface.witness);
            described.interfaces.push_back(std::move(interface));
        }
        adapt(exhibit, id, places, first_interface);
    }
    std::vector<Event> events;
    for (Exhibit& exhibit : exhibits) {
        std::move(exhibit.events.begin(), exhibit.events.end(), std::back_inserter(events));
        exhibit.events.clear();
    }
    std::vector<SessionFacts> facts;
    for (Exhibit& exhibit : exhibits) std::move(exhibit.sessions.begin(), exhibit.sessions.end(), std::back_inserter(facts));
    for (RecordingId id = 0; id < exhibits.size(); ++id) {
        const bool shared = std::any_of(places.witnesses.begin(), places.witnesses.end(), [&](const Witness& witness) {
            return witness.recordings.size() > 1 && std::find(witness.recordings.begin(), witness.recordings.end(), id) != witness.recordings.end();
        });
        if (!shared || !exhibits[id].capture()) continue;
        auto more = place_packets(exhibits[id], events, id);
        std::move(more.begin(), more.end(), std::back_inserter(facts));
    }
    number_events(events, exhibits);
    std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.id < b.id; });
    described.witnesses = std::move(places.witnesses);
    for (const Exhibit& exhibit : exhibits) described.recordings.push_back(exhibit.info);

    Correlator correlator(std::move(described), Limits::offline());
    for (Exhibit& exhibit : exhibits) correlator.adopt(std::move(exhibit.connections));
    add(events, correlator);
    Story story = std::move(correlator.finish());
    for (Exhibit& exhibit : exhibits)
        for (Event& event : exhibit.unmatched) story.add_unmatched(std::move(event));
    tell_wire(story, std::move(facts));
    agree_on_kinds(story);
    match_captures(story);
    return story;
}

Status name_witnesses(std::vector<Exhibit>& exhibits, const std::vector<NamedWitness>& named) {
    for (const NamedWitness& wanted : named) {
        std::size_t found = 0;
        for (Exhibit& exhibit : exhibits)
            for (WitnessId id = 0; id < exhibit.info.witnesses.size(); ++id) {
                const auto is_its = [&](const Address& address) { return std::find(wanted.addresses.begin(), wanted.addresses.end(), address) != wanted.addresses.end(); };
                Witness& witness = exhibit.info.witnesses[id];
                bool theirs = witness.name == wanted.name || witness.host == wanted.name;
                for_each_event(exhibit, [&](const Event& event) { theirs = theirs || (event.witness == id && is_its(event.flow.local.address)); });
                if (!theirs) continue;
                witness.name = wanted.name;
                witness.addresses = wanted.addresses;
                witness.on_path = false;
                ++found;
            }
        if (!found) return Error{"--witness: no file holds a socket or packet of '" + wanted.name + "' with one of its addresses"};
    }
    return success();
}

}  // namespace tcpwitness
