#include "case/exhibit.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "case/events_among_packets.h"
#include "case/packets_replayed.h"
#include "sources/source_file.h"

namespace tcpwitness {

namespace {

constexpr std::uint64_t worth_a_thread = 64u << 20;  // bytes

/// More threads read a large capture that can be opened more than once.
Result<CaptureStory> read_capture_files(const std::vector<SourceFile>& parts, const CaptureOptions& how, const CaptureProgress& progress) {
    std::uint64_t size = 0;
    bool again = true;
    for (const SourceFile& part : parts) {
        size += part.plain_size;
        again = again && part.plain_size;
    }
    const std::uint64_t useful = again ? std::min<std::uint64_t>(size / worth_a_thread, spare_processors()) : 1;
    std::vector<SourceFile> others;
    std::vector<CaptureFiles> copies(1);
    for (const SourceFile& part : parts) copies.front().push_back({part.name, part.bytes.get()});
    while (copies.size() < useful) {
        CaptureFiles& copy = copies.emplace_back();
        for (const SourceFile& part : parts) {
            auto opened = open_source(part.path);
            if (!opened) return opened.error();
            copy.push_back({part.name, opened->bytes.get()});
            others.push_back(std::move(*opened));
        }
    }
    auto capture = read_capture(copies, how, progress);
    if (!capture) return parts.size() > 1 ? capture.error() : capture.context(parts.front().name);
    return capture;
}

CaptureOptions capture_options(const ExhibitOptions& options) {
    CaptureOptions how;
    how.keep_all_control = !options.alone;
    how.local = options.own_addresses;
    return how;
}

}  // namespace

Exhibit exhibit_of(Trace trace) {
    Exhibit exhibit;
    exhibit.info = std::move(trace.info);
    exhibit.events = std::move(trace.events);
    return exhibit;
}

Result<std::vector<Exhibit>> read_exhibits(const std::string& file, const ExhibitOptions& options) {
    auto opened = open_source(file);
    if (!opened) return opened.error();
    const CaptureOptions how = capture_options(options);
    std::vector<Exhibit> exhibits;
    if (is_capture(opened->source->kind)) {
        std::vector<SourceFile> parts;
        parts.push_back(std::move(*opened));
        auto capture = read_capture_files(parts, how, options.progress);
        if (!capture) return capture.error();
        exhibits.push_back(exhibit_of(std::move(*capture)));
    } else {
        ReadOptions reading = options.reading;
        if (options.own_addresses.size() == 1) reading.own_addresses = options.own_addresses.front();  // of several, the text itself tells which
        auto traces = read_traces(*opened, reading);
        if (!traces) return traces.error();
        for (ReadTrace& one : *traces) {
            Exhibit& exhibit = exhibits.emplace_back(packets_alone(one.trace) ? exhibit_of(replay_packets(std::move(one.trace), how)) : exhibit_of(std::move(one.trace)));
            exhibit.log = one.kind == SourceKind::sip_log;
        }
    }
    if (file != "-")
        for (Exhibit& exhibit : exhibits) exhibit.info.file = file;
    return exhibits;
}

Result<std::vector<Exhibit>> read_exhibits(const std::vector<std::string>& parts, const ExhibitOptions& options) {
    if (parts.size() == 1) return read_exhibits(parts.front(), options);
    std::vector<SourceFile> opened;
    for (const std::string& part : parts) {
        auto one = open_source(part);
        if (!one) return one.error();
        opened.push_back(std::move(*one));
    }
    auto capture = read_capture_files(opened, capture_options(options), options.progress);
    if (!capture) return capture.error();
    std::vector<Exhibit> exhibits;
    exhibits.push_back(exhibit_of(std::move(*capture)));
    exhibits.back().info.file = parts.front();
    exhibits.back().info.meta["capture.parts"] = std::to_string(parts.size());
    return exhibits;
}

Exhibit exhibit_of(CaptureStory capture) {
    if (capture.host_events) return exhibit_with_events(std::move(capture));
    Exhibit exhibit;
    exhibit.info = std::move(capture.info);
    exhibit.info.meta["capture.packets"] = std::to_string(capture.packets);
    exhibit.info.sessions_not_listed = capture.not_listed;
    exhibit.info.foreign_packets += capture.packets - capture.tcp_packets - capture.icmp_errors;
    exhibit.connections = std::move(capture.connections);
    exhibit.packets = capture.packets;
    exhibit.unmatched = std::move(capture.unmatched);
    return exhibit;
}

}  // namespace tcpwitness
