#include "live/queue_watch.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace tcpwitness {
namespace {

constexpr std::uint64_t longest_silence_ns = 60'000'000'000;  // something that goes on is told at least so often

tw_queue only_listener(const tw_queue& all) {
    tw_queue queue{};
    queue.what = TW_QUEUE_LISTENER;
    queue.accept_queue = all.accept_queue;
    queue.accept_max = all.accept_max;
    queue.syn_queue = all.syn_queue;
    return queue;
}

tw_queue only_receive(const tw_queue& all) {
    tw_queue queue{};
    queue.what = TW_QUEUE_RECEIVE;
    queue.unread = all.unread;
    queue.receive_window = all.receive_window;
    queue.receive_buffer = all.receive_buffer;
    queue.flags = all.flags & TW_QUEUE_ACCEPTED;
    if (!all.receive_window) queue.flags |= TW_QUEUE_WINDOW_CLOSED;
    return queue;
}

tw_queue only_send(const tw_queue& all) {
    tw_queue queue{};
    queue.what = TW_QUEUE_SEND;
    queue.unacknowledged = all.unacknowledged;
    queue.send_window = all.send_window;
    queue.send_buffer = all.send_buffer;
    queue.probes_out = all.probes_out;
    queue.flags = all.flags & (TW_QUEUE_ACCEPTED | TW_QUEUE_SEND_BUFFER_FULL);
    if (!all.send_window) queue.flags |= TW_QUEUE_WINDOW_CLOSED;
    return queue;
}

tw_queue only(const tw_queue& all, std::uint8_t what) {
    return what == TW_QUEUE_LISTENER ? only_listener(all) : what == TW_QUEUE_RECEIVE ? only_receive(all) : only_send(all);
}

}  // namespace

void QueueWatch::begin(std::uint32_t netns) {
    netns_ = netns;
    ++looks_[netns];
}

QueueWatch::State& QueueWatch::state_of(const Looked& socket, std::uint8_t what) {
    State& state = states_[{netns_, socket.head.cookie, what}];
    state.look = looks_[netns_];
    state.last = socket;
    return state;
}

void QueueWatch::see(const Looked& socket, const Tell& tell) {
    constexpr std::uint8_t state_listen = 10;
    const tw_queue_look& look = socket.look;
    if (socket.head.state == state_listen) return listener(socket, tell);
    connection(socket, TW_QUEUE_RECEIVE, look.queue.unread != 0, look.copied_seq, look.queue.receive_window == 0, tell);
    connection(socket, TW_QUEUE_SEND, look.send_waits != 0, look.snd_una, look.queue.send_window == 0, tell);
}

void QueueWatch::tell(State& state, tw_queue queue, std::uint64_t now_ns, bool over, const Tell& tell) {
    queue.since_ns = state.since_ns;
    if (over) queue.flags |= TW_QUEUE_OVER;
    tell({&state.last, queue});
    state.told = !over;
    state.closed = queue.flags & TW_QUEUE_WINDOW_CLOSED;
    state.next_ns = now_ns + std::min(now_ns - state.since_ns, longest_silence_ns);  // after 1 s, 2 s, 4 s, ...
}

void QueueWatch::listener(const Looked& socket, const Tell& tell_one) {
    const std::uint64_t now = socket.head.time_ns;
    const bool known = states_.contains({netns_, socket.head.cookie, TW_QUEUE_LISTENER});
    State& state = state_of(socket, TW_QUEUE_LISTENER);
    tw_queue queue = only_listener(socket.look.queue);
    // One that was there at the first look may have dropped some before the recording; a later one is new, and so are its drops.
    if (known || looks_[netns_] > 1) queue.drops = socket.look.drops - state.progress;
    state.progress = socket.look.drops;
    const bool full = queue.accept_queue > queue.accept_max;
    const bool waits = queue.accept_queue != 0;
    const bool waited = std::exchange(state.waits, waits);
    if (waits && !waited) state.since_ns = now;
    if (!waits && !state.told) state.since_ns = now;
    if (queue.drops || (waits && ((full && !state.closed) || (waited && (!state.told || now >= state.next_ns)))))
        tell(state, queue, now, false, tell_one);
    else if (!waits && state.told)
        tell(state, queue, now, true, tell_one);
    state.closed = full;
}

void QueueWatch::connection(const Looked& socket, std::uint8_t what, bool waits, std::uint32_t progress, bool closed, const Tell& tell_one) {
    if (!waits) return;  // end() sees that it was not there
    State& state = state_of(socket, what);
    const std::uint64_t now = socket.head.time_ns;
    const tw_queue queue = only(socket.look.queue, what);
    if (state.waits && state.progress == progress) {
        if (!state.told || now >= state.next_ns || (closed && !state.closed)) tell(state, queue, now, false, tell_one);
        return;
    }
    if (state.told) tell(state, queue, now, true, tell_one);
    state.waits = true;
    state.since_ns = now;
    state.progress = progress;
    state.closed = closed;
}

void QueueWatch::end(std::uint64_t now_ns, const Tell& tell_one) {
    const std::uint64_t look = looks_[netns_];
    auto at = states_.lower_bound({netns_, 0, 0});
    while (at != states_.end() && at->first.netns == netns_) {
        State& state = at->second;
        if (state.look == look) {
            ++at;
            continue;
        }
        // Nothing waits any more, or the socket is gone; a listener that is not seen is gone for sure.
        if (state.told && at->first.what != TW_QUEUE_LISTENER) {
            tw_queue queue = only(state.last.look.queue, at->first.what);
            queue.unread = queue.unacknowledged = 0;
            queue.flags &= static_cast<std::uint8_t>(~(TW_QUEUE_WINDOW_CLOSED | TW_QUEUE_SEND_BUFFER_FULL));
            state.last.head.time_ns = now_ns;
            tell(state, queue, now_ns, true, tell_one);
        }
        at = states_.erase(at);
    }
}

void QueueWatch::forget(std::uint32_t netns) {
    states_.erase(states_.lower_bound({netns, 0, 0}), states_.upper_bound({netns, UINT64_MAX, UINT8_MAX}));
    looks_.erase(netns);
}

}  // namespace tcpwitness
