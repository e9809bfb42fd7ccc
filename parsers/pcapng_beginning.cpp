#include "parsers/pcapng_beginning.h"

#include "parsers/pcapng_format.h"
#include "parsers/view_source.h"
#include "parsers/windows_journal.h"

namespace tcpwitness::pcapng {

bool is_ours(const Reader::Section& section) { return section.application == "tcpwitness" || section.application.starts_with("tcpwitness "); }

bool holds_records(const Reader::Interface& interface) { return interface.link_type == link::user0 && interface.name == "kernel"; }

Beginning look_at(std::string_view first_bytes) {
    Beginning seen;
    if (!Reader::recognise(first_bytes)) return seen;
    ViewSource source(first_bytes);
    Reader reader(source);
    bool before_packets = true;
    while (true) {
        const auto item = reader.next_block();
        if (!item || *item == Reader::Item::end) return seen;
        if (*item == Reader::Item::packet)
            before_packets = false;
        else if (*item == Reader::Item::section)
            seen.ours |= before_packets && is_ours(reader.section());
        else if (*item == Reader::Item::interface)
            seen.ours |= before_packets && holds_records(reader.interfaces().back());
        else if (reader.block_type() == block::journal_export)
            seen.windows_events |= windows::is_event(windows::parse_journal(reader.block()));
    }
}

}  // namespace tcpwitness::pcapng
