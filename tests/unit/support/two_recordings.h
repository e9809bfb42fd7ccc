// The forged RST of the demo as a case of two recordings, each of which can be damaged.
#pragma once

#include "findings/finding.h"
#include "support/scenes.h"

namespace tcpwitness {

/// The forged RST of the demo, with each host's recording a recording of its own.
struct TwoRecordings {
    static constexpr std::uint64_t ms = 1'000'000;

    TraceBuilder t;
    Story described;
    End edge_end, fe_end;
    std::uint64_t begin = 0;
    RecordingId losing = 0;  ///< whose records a gap tells of; the edge (0) is the end that is silent

    /// Without `reset` the SYN-ACK is only lost.
    explicit TwoRecordings(bool reset = true) {
        End& edge = edge_end;
        edge = t.end("edge", "10.0.1.2:40000", "10.0.2.2:5061", task(100, "dialer"));
        End& fe = fe_end;
        fe = t.opposite(edge, "fe");
        t.as(edge).at(1000);
        begin = t.now();
        t.connect_enter().syn_sent().syn_out();
        t.as(fe).at(1000.2).syn_in().syn_ack_out();
        if (reset) t.rst_in();
        t.as(edge).at(8000).error(ETIMEDOUT).connect_exit(-ETIMEDOUT);
        for (const End& each : {edge, fe}) t.as(each).at(0).environment(Environment::What::found, "device", "eth", "up, veth, mtu 1500");
        described.witnesses = t.info().witnesses;
        described.interfaces = t.info().interfaces;
        described.recordings.resize(2);
        for (RecordingId id = 0; id < 2; ++id) described.witnesses[id].recordings = {id};
        cover(0, 0, 9000);
        cover(1, 0, 9000);
    }
    void cover(RecordingId id, std::uint64_t from_ms, std::uint64_t to_ms) {
        described.recordings[id].begin_ns = begin - 1000 * ms + from_ms * ms;
        described.recordings[id].end_ns = begin - 1000 * ms + to_ms * ms;
    }
    Recording& edge() { return described.recordings[0]; }
    Recording& fe() { return described.recordings[1]; }
    Story story() {
        Correlator correlator(described, Limits::offline());
        for (Event& event : t.events()) {
            if (Gap* gap = event.as<Gap>()) gap->recording = losing;
            correlator.add(std::move(event));
        }
        return std::move(correlator.finish());
    }
    Certainty certainty() {
        const Story made = story();
        for (const Finding& finding : find_all(made))
            if (finding.rule == "reset-forged") return finding.certainty;
        return Certainty::possible;
    }
};

}  // namespace tcpwitness
