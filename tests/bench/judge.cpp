// judge OPEN [TROUBLED]: what one judgement of a live story costs, with OPEN healthy sockets and TROUBLED (100) connects that were refused. Prints
// microseconds, the median of 21: each after one more refused connect, as `live` judges while it goes on.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "correlate/correlator.h"
#include "findings/finding.h"

using namespace tcpwitness;

namespace {

class Load {
public:
    Load() {
        TraceInfo info;
        info.witnesses.resize(1);
        info.witnesses[0].host = "bench";
        correlator_.emplace(info, Limits::offline());
        correlator_->goes_on();
    }

    void healthy() {
        begin(1, 443);
        packet(true, tcp_flag::syn, number_, 0);
        packet(false, tcp_flag::syn | tcp_flag::ack, 7, number_ + 1);
        state(TcpState::syn_sent, TcpState::established);
        called(0);
    }
    void refused() {
        begin(2, 81);
        packet(true, tcp_flag::syn, number_, 0);
        packet(false, tcp_flag::rst | tcp_flag::ack, 0, number_ + 1);
        SocketError error;
        error.error = ECONNREFUSED;
        add(error);
        state(TcpState::syn_sent, TcpState::close);
        called(-ECONNREFUSED);
        add(Destroy{});
    }
    const Story& story() { return correlator_->story(); }

private:
    void begin(std::uint8_t peer, std::uint16_t port) {
        ++number_;
        const std::uint8_t local[] = {10, 0, 0, 1}, far[] = {10, 1, static_cast<std::uint8_t>(peer == 1 ? number_ / 20'000 % 200 : 250), peer};
        flow_ = {{Address::ipv4(local), static_cast<std::uint16_t>(20'000 + number_ % 20'000)}, {Address::ipv4(far), port}};
        Call call;
        call.op = Call::Op::connect;
        call.task = task();
        add(call);
        state(TcpState::close, TcpState::syn_sent);
    }
    static Task task() {
        Task task;
        task.pid = task.tid = 7;
        task.comm = "bench";
        return task;
    }
    void called(std::int32_t ret) {
        Call call;
        call.op = Call::Op::connect;
        call.phase = Call::Phase::exit;
        call.ret = ret;
        call.task = task();
        add(call);
    }
    void state(TcpState from, TcpState to) {
        StateChange change;
        change.from = from;
        change.to = to;
        add(change);
    }
    void packet(bool out, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack) {
        Segment segment;
        segment.outgoing = out;
        segment.flags = flags;
        segment.seq = seq;
        segment.ack = ack;
        segment.ttl = 64;
        add(segment, false);
    }
    void add(EventBody body, bool of_socket = true) {
        Event event;
        event.id = ++id_;
        event.time_ns = 1'000'000'000 + id_ * 1'000;
        if (of_socket) event.cookie = number_;
        event.flow = flow_;
        event.body = std::move(body);
        correlator_->add(std::move(event));
    }

    std::optional<Correlator> correlator_;
    Flow flow_;
    std::uint32_t number_ = 0;
    std::uint64_t id_ = 0;
};

}  // namespace

int main(int count, char** words) {
    if (count < 2) return std::fprintf(stderr, "usage: judge OPEN [TROUBLED]\n"), 2;
    Load load;
    for (long i = std::atol(words[1]); i > 0; --i) load.healthy();
    for (long i = count > 2 ? std::atol(words[2]) : 100; i > 0; --i) load.refused();
    (void)find_all(load.story());
    std::vector<double> took;
    for (int i = 0; i < 21; ++i) {
        load.refused();
        const auto began = std::chrono::steady_clock::now();
        const std::size_t found = find_all(load.story()).size();
        took.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
        if (found == 0) return std::fputs("judge: nothing was found\n", stderr), 1;
    }
    std::nth_element(took.begin(), took.begin() + took.size() / 2, took.end());
    std::printf("%.0f\n", took[took.size() / 2]);
}
