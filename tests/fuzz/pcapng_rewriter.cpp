// A capture written again: what comes out holds every packet that was read.
#include "parsers/pcapng_rewriter.h"

#include "input.h"
#include "parsers/pcap_as_pcapng.h"

namespace {

class Everything : public tcpwitness::pcapng::Annotations {
public:
    std::vector<std::string> comments(std::uint64_t frame) override { return std::vector<std::string>(frame % 3, "a fact"); }
    bool next_event(std::uint64_t until_ns, tcpwitness::pcapng::InlineEvent& to) override {
        if (until_ns % 5) return false;
        to.time_ns = until_ns;
        to.fields = "MESSAGE=something\n";
        return asked_++ % 2;
    }
    void placed(std::uint64_t, std::uint64_t) override {}

private:
    unsigned asked_ = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace tcpwitness;
    ViewSource bytes(fuzz::bytes(data, size));
    PcapAsPcapng source(bytes, "fuzz");
    Everything annotations;
    std::string written;
    const auto done = pcapng::rewrite(source, annotations, {}, [&](std::string_view part) {
        written += part;
        return true;
    });
    if (!done) {
        fuzz::require(!done.error().message.empty());
        return 0;
    }
    ViewSource again(written);
    pcapng::Reader reader(again);
    std::uint64_t packets = 0;
    for (auto item = reader.next(); item && *item != pcapng::Reader::Item::end; item = reader.next()) packets += *item == pcapng::Reader::Item::packet;
    fuzz::require(packets == done->packets);
    return 0;
}
