// What a capture's reader makes of bytes.
#pragma once

#include <string>
#include <vector>

#include "parsers/capture_reader.h"
#include "support/memory_source.h"

struct SeenCapture {
    std::vector<tcpwitness::CapturedPacket> packets;  ///< without data
    std::vector<std::string> data;
    std::vector<std::vector<std::string>> comments;   ///< [packet]
    std::vector<tcpwitness::CaptureInterface> interfaces;
    std::vector<std::string> damage;
    std::string error, cut_note, software;
};

inline SeenCapture read_capture(std::string bytes, std::size_t piece = 4096) {
    MemorySource source(std::move(bytes), piece);
    SeenCapture seen;
    auto reader = tcpwitness::open_capture(source);
    if (!reader) {
        seen.error = reader.error().message;
        return seen;
    }
    tcpwitness::CapturedPacket packet;
    while (true) {
        const auto more = (*reader)->next(packet);
        if (!more) seen.error = more.error().message;
        if (!more || !*more) break;
        seen.data.emplace_back(packet.data);
        seen.comments.emplace_back(packet.comments.begin(), packet.comments.end());
        seen.packets.push_back(packet);
        seen.packets.back().data = {};
        seen.packets.back().comments = {};
    }
    seen.interfaces = (*reader)->interfaces();
    seen.cut_note = (*reader)->cut_note();
    seen.damage = (*reader)->damage();
    seen.software = (*reader)->software();
    return seen;
}
