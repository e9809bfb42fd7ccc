#include "live/queued_sink.h"

#include <cstring>

namespace tcpwitness {
namespace {

enum Kind : std::uint32_t { a_record, a_meta, a_gap, a_tick };

/// Before each entry's bytes, which are padded: records are read where they stand.
struct EntryHead {
    std::uint32_t kind = 0;
    std::uint32_t size = 0;      ///< of the bytes behind, padding not counted
    std::uint64_t time_ns = 0;
    std::uint64_t detail = 0;    ///< meta: length of the key; gap: the CPU
};

constexpr std::size_t padded(std::size_t size) { return (size + 7) / 8 * 8; }

}  // namespace

QueuedSink::QueuedSink(RecordSink& to, std::size_t most_bytes) : to_(to), most_bytes_(most_bytes), thread_([this] { run(); }) {}

QueuedSink::~QueuedSink() {
    {
        const std::lock_guard lock(mutex_);
        dropping_ = true;
    }
    (void)finish();
}

void QueuedSink::put(std::uint32_t kind, std::uint64_t time_ns, std::uint64_t detail, std::string_view first, std::string_view second) {
    const std::size_t size = first.size() + second.size();
    const EntryHead head{kind, static_cast<std::uint32_t>(size), time_ns, detail};
    filling_.append(reinterpret_cast<const char*>(&head), sizeof head);
    filling_.append(first).append(second).append(padded(size) - size, '\0');
}

bool QueuedSink::record(const tw_head& head, const void* data, std::size_t size) {
    if (waiting_ + filling_.size() + size > most_bytes_ && head.kind != TW_ENVIRONMENT) return false;
    put(a_record, 0, 0, {static_cast<const char*>(data), size});
    return true;
}

void QueuedSink::meta(std::uint64_t boot_ns, std::string_view key, std::string_view value) { put(a_meta, boot_ns, key.size(), key, value); }

void QueuedSink::gap(std::uint64_t boot_ns, const tw_gap& gap, std::uint16_t cpu) {
    put(a_gap, boot_ns, cpu, {reinterpret_cast<const char*>(&gap), sizeof gap});
}

Status QueuedSink::tick(std::uint64_t boot_ns) {
    put(a_tick, boot_ns, 0, {});
    const std::lock_guard lock(mutex_);
    if (ready_.empty())
        ready_.swap(filling_);
    else
        ready_.append(filling_);
    filling_.clear();
    waiting_ = ready_.size();
    wake_.notify_one();
    return status_;
}

Status QueuedSink::finish() {
    {
        const std::lock_guard lock(mutex_);
        finishing_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
    return status_;
}

/// False when there is nothing more to come.
bool QueuedSink::wait_for_work(std::string& working) {
    constexpr std::size_t large = 4 << 20;  // after a burst its memory goes
    if (working.capacity() > large)
        working = {};
    else
        working.clear();
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return finishing_ || !ready_.empty(); });
    if (dropping_) return false;
    working.swap(ready_);
    return !working.empty();
}

void QueuedSink::run() {
    std::string working;
    while (wait_for_work(working)) {
        Status done = work_off(working);
        if (done) continue;
        const std::lock_guard lock(mutex_);
        status_ = std::move(done);
        dropping_ = true;
    }
}

Status QueuedSink::work_off(std::string_view entries) {
    while (!entries.empty()) {
        EntryHead head;
        std::memcpy(&head, entries.data(), sizeof head);
        const std::string_view bytes = entries.substr(sizeof head, head.size);
        entries.remove_prefix(sizeof head + padded(head.size));
        if (head.kind == a_record) {
            tw_head record;
            std::memcpy(&record, bytes.data(), sizeof record);
            (void)to_.record(record, bytes.data(), bytes.size());
        } else if (head.kind == a_meta) {
            to_.meta(head.time_ns, bytes.substr(0, head.detail), bytes.substr(head.detail));
        } else if (head.kind == a_gap) {
            tw_gap gap;
            std::memcpy(&gap, bytes.data(), sizeof gap);
            to_.gap(head.time_ns, gap, static_cast<std::uint16_t>(head.detail));
        } else if (Status ticked = to_.tick(head.time_ns); !ticked) {
            return ticked;
        }
    }
    return success();
}

}  // namespace tcpwitness
