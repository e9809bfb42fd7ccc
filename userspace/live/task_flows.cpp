#include "live/task_flows.h"

#include <algorithm>

#include "live/record_flow.h"

namespace tcpwitness {

namespace {

constexpr std::uint8_t listening = 10;  // kernel number

Flow without_direction(const Flow& flow) { return flow.local < flow.peer ? flow : flow.reversed(); }

/// The kinds that may come of no socket, and are about one flow then.
bool of_a_flow(const tw_head& head) {
    switch (head.kind) {
        case TW_PACKET:
        case TW_ICMP:
        case TW_DROP:
        case TW_RESET_OUT: return head.local_port || head.peer_port;
        default: return false;
    }
}

}  // namespace

void TaskFlows::take(const tw_head& head, const void* data) {
    const Flow flow = record_flow(head, data);
    if (head.cookie) {
        choose(head, flow);
        return write_(data, head.size);
    }
    if (head.kind == TW_REPEATS) {  // counted together: of one side's port
        const bool theirs = head.netns && (head.local_port || head.peer_port) && !listeners_.contains({head.netns, head.local_port});
        return theirs ? withheld_.add(head) : write_(data, head.size);
    }
    if (!of_a_flow(head)) return write_(data, head.size);
    const Flow both = without_direction(flow);
    if (!chosen(head, both)) return wait(head, data, both);
    write_(data, head.size);
}

/// The programs let no socket through that is not chosen. A listener stands for half-open connections, too.
void TaskFlows::choose(const tw_head& head, const Flow& flow) {
    if (head.state == listening) choose_listener(head.netns, head.local_port);
    if (flow.complete() && !flow.local.address.unspecified()) choose_flow(without_direction(flow));
}

void TaskFlows::choose_flow(const Flow& flow) {
    if (!flows_.insert(flow).second) return;
    flows_by_age_.push_back(flow);
    if (flows_by_age_.size() > most_flows) {
        flows_.erase(flows_by_age_.front());
        flows_by_age_.pop_front();
    }
    std::vector<Place> early;
    const auto [first, last] = waiting_by_flow_.equal_range(flow);
    for (auto one = first; one != last; ++one) early.push_back(one->second);
    std::sort(early.begin(), early.end(), [](const Place& a, const Place& b) { return a->time_ns < b->time_ns; });
    for (const Place place : early) write_waiting(place);
}

void TaskFlows::choose_listener(std::uint32_t netns, std::uint16_t port) {
    if (port == 0 || !listeners_.emplace(netns, port).second) return;
    std::set<Flow> flows;
    for (const Waiting& one : waiting_)
        if (one.netns == netns && one.local_port == port) flows.insert(one.flow);
    for (const Flow& flow : flows) choose_flow(flow);
}

bool TaskFlows::chosen(const tw_head& head, const Flow& flow) {
    if (flows_.contains(flow)) return true;
    if (!listeners_.contains({head.netns, head.local_port})) return false;
    choose_flow(flow);
    return true;
}

void TaskFlows::wait(const tw_head& head, const void* data, const Flow& flow) {
    const Place place = waiting_.insert(waiting_.end(), {flow, head.netns, head.local_port, head.time_ns, std::string(static_cast<const char*>(data), head.size)});
    waiting_by_flow_.emplace(flow, place);
    bytes_ += head.size;
    while (bytes_ > most_bytes || waiting_.front().time_ns + patience_ns < head.time_ns) drop_oldest();
}

void TaskFlows::write_waiting(Place place) {
    write_(place->record.data(), place->record.size());
    release(place);
}

void TaskFlows::drop_oldest() {
    tw_head head;
    waiting_.front().record.copy(reinterpret_cast<char*>(&head), sizeof head);
    withheld_.add(head);
    release(waiting_.begin());
}

void TaskFlows::release(Place place) {
    auto [first, last] = waiting_by_flow_.equal_range(place->flow);
    while (first != last && first->second != place) ++first;
    if (first != last) waiting_by_flow_.erase(first);
    bytes_ -= place->record.size();
    waiting_.erase(place);
}

void TaskFlows::drop_all() {
    while (!waiting_.empty()) drop_oldest();
}

}  // namespace tcpwitness
