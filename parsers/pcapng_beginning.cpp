#include "parsers/pcapng_beginning.h"

#include "parsers/pcapng_format.h"
#include "parsers/view_source.h"

namespace tcpwitness::pcapng {

bool is_ours(const Reader::Section& section) { return section.application == "tcpwitness" || section.application.starts_with("tcpwitness "); }

bool holds_records(const Reader::Interface& interface) { return interface.link_type == link::user0 && interface.name == "kernel"; }

bool begins_as_ours(std::string_view first_bytes) {
    if (!Reader::recognise(first_bytes)) return false;
    ViewSource source(first_bytes);
    Reader reader(source);
    while (true) {
        const auto item = reader.next();
        if (!item || *item == Reader::Item::end || *item == Reader::Item::packet) return false;
        if (*item == Reader::Item::section ? is_ours(reader.section()) : holds_records(reader.interfaces().back())) return true;
    }
}

}  // namespace tcpwitness::pcapng
