#include "cli/capture_export.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "outputs/journal_events.h"
#include "outputs/packet_comments.h"
#include "outputs/plan.h"
#include "outputs/wireshark.h"
#include "parsers/pcap_as_pcapng.h"
#include "parsers/pcapng_format.h"
#include "parsers/pcapng_rewriter.h"
#include "parsers/pcapng_beginning.h"
#include "sources/source_file.h"

namespace tcpwitness {
namespace {

constexpr std::size_t findings_named = 5;

/// What a report knows, where the file's packets are.
class ReportAnnotations : public pcapng::Annotations {
public:
    ReportAnnotations(const Story& story, std::span<const Finding* const> findings, const OutputOptions& options, bool events)
        : story_(story), recording_(story.recordings[options.recording]), comments_(story, findings, options) {
        if (events) events_ = journal_events(story, options);
    }

    std::vector<std::string> comments(std::uint64_t frame) override { return comments_.of(frame); }

    bool next_event(std::uint64_t until_ns, pcapng::InlineEvent& to) override {
        if (next_ == events_.size()) return false;
        const std::uint64_t time = recording_.own_wall_ns(events_[next_].event->time_ns);
        if (time > until_ns) return false;
        to.time_ns = time;
        to.fields = journal_fields(story_, events_[next_++]);
        return true;
    }

    void placed(std::uint64_t frame, std::uint64_t number) override {
        if (frame != number) numbers_[frame] = number;
    }
    /// Where a packet with comments stands in what was written.
    std::uint64_t number(std::uint64_t frame) const {
        const auto moved = numbers_.find(frame);
        return moved == numbers_.end() ? frame : moved->second;
    }

private:
    const Story& story_;
    const Recording& recording_;
    PacketComments comments_;
    std::vector<JournalEvent> events_;
    std::size_t next_ = 0;
    std::map<std::uint64_t, std::uint64_t> numbers_;
};

std::string link_name(std::uint16_t link_type) {
    namespace link = pcapng::link;
    switch (link_type) {
        case link::ethernet: return "Ethernet";
        case link::raw_ip:
        case link::ipv4:
        case link::ipv6: return "raw IP";
        case link::linux_sll:
        case link::linux_sll2: return "Linux cooked";
        default: return fmt::format("link type {}", link_type);
    }
}

/// The link type that most packets have, of those that are no records.
Result<std::uint16_t> most_common_link(const std::string& file) {
    auto opened = open_source(file);
    if (!opened) return opened.error();
    PcapAsPcapng source(*opened->bytes, tool_name());
    pcapng::Reader reader(source);
    std::map<std::uint16_t, std::uint64_t> counts;
    for (auto item = reader.next(); !item || *item != pcapng::Reader::Item::end; item = reader.next()) {
        if (!item) return item.context(file);
        if (*item != pcapng::Reader::Item::packet) continue;
        const auto& interface = reader.interfaces()[reader.packet().interface];
        if (!pcapng::holds_records(interface)) ++counts[interface.link_type];
    }
    const auto most = std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == counts.end()) return Error{file + ": holds no packets"};
    return most->first;
}

std::string left_out_text(const pcapng::Rewritten& written) {
    std::string text;
    for (const auto& [link_type, count] : written.left_out) {
        if (link_type == pcapng::link::user0)
            text += fmt::format("{} left out: they are records of tcpwitness, no packets\n", count_text(count, "frame", "frames"));
        else
            text += fmt::format("{} of {} left out: libpcap's tools read one kind of link in a file, and most packets here are of another\n",
                                count_text(count, "packet", "packets"), link_name(link_type));
    }
    return text;
}

}  // namespace

Status check_export(const ExportArguments& arguments, bool exports, const std::string& out, const std::vector<std::string>& files) {
    if (!exports && (arguments.inline_events || arguments.packets_only))
        return Error{fmt::format("--{} goes with --format pcapng", arguments.inline_events ? "inline-events" : "packets-only")};
    if (!exports) return success();
    for (const std::string& file : files) {
        struct stat status;
        const bool known = file != "-" && stat(file.c_str(), &status) == 0;
        if (file == "-" || (known && !S_ISREG(status.st_mode)))
            return Error{fmt::format("--format pcapng reads FILE twice, and {} can be read once; save it to a file first", file == "-" ? "standard input" : printable(file))};
    }
    if ((out.empty() || out == "-") && isatty(STDOUT_FILENO))
        return Error{"--format pcapng would write a capture to the terminal; give -o OUT, or redirect it"};
    return success();
}

Result<std::string> export_capture(const Story& story, std::span<const Finding> findings, const OutputOptions& options,
                                   const ExportArguments& arguments, const std::string& out, Sink& sink) {
    const Recording& recording = story.recordings[options.recording];
    const std::string& file = recording.file;
    const std::vector<const Finding*> chosen = ranked(story, findings, options);
    ReportAnnotations annotations(story, chosen, options, arguments.inline_events);

    pcapng::RewriteOptions rewrite_options;
    const bool without_records = arguments.inline_events || arguments.packets_only;
    if (without_records && recording.tool.starts_with("tcpwitness"))
        rewrite_options.application = fmt::format("packets of a trace by {}", tool_name());  // else it would be read as a trace without events
    if (arguments.packets_only) {
        const auto link_type = most_common_link(file);
        if (!link_type) return link_type.error();
        rewrite_options.keep = [link = *link_type](const pcapng::Reader::Interface& interface) {
            return interface.link_type == link && !pcapng::holds_records(interface);
        };
        rewrite_options.no_snap_length = true;
    } else if (without_records) {
        rewrite_options.keep = [](const pcapng::Reader::Interface& interface) { return !pcapng::holds_records(interface); };
    }

    auto opened = open_source(file);
    if (!opened) return opened.error();
    if (opened->source->kind == SourceKind::windows_text || opened->source->kind == SourceKind::packet_text || opened->source->kind == SourceKind::sip_log)
        return Error{fmt::format("{}: a text, of which nothing can be written as packets; --format pcapng takes captures and traces", printable(file))};
    PcapAsPcapng source(*opened->bytes, tool_name());
    const auto written = pcapng::rewrite(source, annotations, rewrite_options, [&](std::string_view part) {
        sink.append(part);
        return sink.good();
    });
    if (!written) return written.context(file);

    const bool named = !out.empty() && out != "-";
    std::string said = fmt::format("{}{}, {} with comments", named ? printable(out) + ": " : "", count_text(written->packets, "packet", "packets"), written->commented);
    if (arguments.inline_events) said += fmt::format(", {}", count_text(written->events, "event", "events"));
    said += "\n" + left_out_text(*written);
    if (written->not_commented)
        said += fmt::format("{} without the comments that belong there: their blocks have no room for any\n", count_text(written->not_commented, "packet", "packets"));
    if (!written->cut_note.empty()) said += fmt::format("{}: {}; what came before is written\n", printable(file), printable(written->cut_note));
    std::size_t left = findings_named;
    for (std::size_t i = 0; named && i < chosen.size() && left > 0; ++i) {
        const Event* packet = packet_to_show(story, *chosen[i], options.recording);
        if (!packet) continue;
        said += fmt::format("[{}] {}: {}\n", i + 1, chosen[i]->rule, wireshark_command(out, annotations.number(frame_of(*packet))));
        --left;
    }
    return said;
}

}  // namespace tcpwitness
