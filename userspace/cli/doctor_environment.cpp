#include "cli/doctor_environment.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "environment/environment.h"
#include "live/namespaces.h"

namespace tcpwitness {
namespace {

const char* heading(const std::string& topic) {
    static constexpr struct {
        const char *topic, *heading;
    } headings[] = {
        {"address", "addresses"}, {"bpf_program", "BPF programs that can alter traffic"}, {"carrier", "carriers"}, {"clock", "clocks"}, {"device", "devices"},
        {"iptables_table", "tables of iptables-legacy"}, {"lsm", "security modules"}, {"module", "kernel modules that are not the kernel's own"},
        {"nft_chain", "nftables chains on hooks"}, {"nft_counter", "nftables counters"}, {"nft_rule", "nftables rules"}, {"qdisc", "queueing disciplines"},
        {"qdisc_drops", "packets that queueing disciplines dropped"}, {"route", "routes"}, {"rule", "routing rules"}, {"sysctl", "sysctls"},
        {"tc_filter", "tc filters"}, {"xdp", "XDP programs"},
    };
    const auto found = std::find_if(std::begin(headings), std::end(headings), [&](const auto& each) { return topic == each.topic; });
    return found == std::end(headings) ? topic.c_str() : found->heading;
}

void show(const Facts& facts, std::initializer_list<const char*> none_of = {}) {
    std::size_t width = 0;
    for (const auto& [key, fact] : facts.all()) width = std::max(width, std::min<std::size_t>(key.name.size(), 44));
    std::string topic;
    for (const auto& [key, fact] : facts.all()) {
        if (key.topic != topic) fmt::print("  {}\n", heading(key.topic));
        topic = key.topic;
        const std::string value = fact.kind == Fact::Kind::unreadable ? "could not be looked at: " + fact.value : fact.value;
        const std::string name = key.name.empty() ? "" : fmt::format("{:<{}}  ", printable(key.name), width);
        const std::string line = "    " + name + printable(value);
        fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
    }
    for (const char* each : none_of)
        if (std::none_of(facts.all().begin(), facts.all().end(), [&](const auto& entry) { return entry.first.topic == each; }))
            fmt::print("  {}\n    none\n", heading(each));
}

}  // namespace

int show_environment() {
    fmt::print("host\n");
    show(HostEnvironment().look(), {"bpf_program", "module"});
    Namespaces namespaces;
    bool all_entered = true;
    const std::uint32_t own = namespace_inum("/proc/self/ns/net");
    std::vector<std::uint32_t> inums = namespaces.all();
    std::stable_partition(inums.begin(), inums.end(), [&](std::uint32_t inum) { return inum == own; });
    for (const std::uint32_t inum : inums) {
        fmt::print("\nnetwork namespace {} ({})\n", printable(namespaces.name(inum)), inum);
        Facts facts;
        const auto look = [&] { facts = NamespaceEnvironment().look(true); };
        if (inum == own) look();  // needs no privilege to enter
        else if (!in_namespace(namespaces.open(inum), look)) {
            fmt::print("  cannot be entered: that needs CAP_SYS_ADMIN\n");
            all_entered = false;
            continue;
        }
        show(facts, {"nft_chain", "tc_filter", "xdp"});
    }
    return all_entered ? exit_done : exit_failed;
}

}  // namespace tcpwitness
