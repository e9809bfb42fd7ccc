#include "environment/sysctls.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace tcpwitness {

namespace {

constexpr const char* names[] = {
    // how long TCP tries
    "net.ipv4.tcp_syn_retries", "net.ipv4.tcp_synack_retries", "net.ipv4.tcp_syn_linear_timeouts", "net.ipv4.tcp_retries1",
    "net.ipv4.tcp_retries2", "net.ipv4.tcp_orphan_retries", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_rto_min_us", "net.ipv4.tcp_rto_max_ms",
    // what is queued, and what happens when a queue is full
    "net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_abort_on_overflow", "net.ipv4.tcp_syncookies", "net.core.netdev_max_backlog",
    "net.core.rmem_max", "net.core.wmem_max", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem", "net.ipv4.tcp_mem", "net.ipv4.tcp_max_orphans",
    "net.ipv4.tcp_max_tw_buckets",
    // ports
    "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_tw_reuse",
    // how it sends
    "net.ipv4.tcp_congestion_control", "net.core.default_qdisc", "net.ipv4.tcp_timestamps", "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling",
    "net.ipv4.tcp_ecn", "net.ipv4.tcp_fastopen", "net.ipv4.tcp_mtu_probing", "net.ipv4.ip_no_pmtu_disc", "net.ipv4.tcp_rfc1337",
    "net.ipv4.tcp_challenge_ack_limit", "net.ipv4.tcp_autocorking", "net.ipv4.tcp_slow_start_after_idle",
    // where it goes
    "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter",
    "net.ipv4.conf.all.accept_local", "net.ipv4.conf.all.route_localnet", "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.arp_announce",
    "net.ipv4.ip_nonlocal_bind", "net.ipv4.fib_multipath_hash_policy", "net.ipv6.conf.all.disable_ipv6",
    // connection tracking
    "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_tcp_timeout_established", "net.netfilter.nf_conntrack_tcp_loose",
    "net.netfilter.nf_conntrack_tcp_be_liberal",
};

/// Strict reverse path filtering drops by device.
void add_devices(std::map<std::string, std::string>& paths) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/sys/net/ipv4/conf", error)) {
        const std::string device = entry.path().filename();
        if (device != "all" && device != "default" && device != "lo") paths["net.ipv4.conf." + device + ".rp_filter"] = entry.path() / "rp_filter";
    }
}

}  // namespace

std::map<std::string, std::string> network_sysctls() {
    std::map<std::string, std::string> paths, values;
    for (const std::string name : names) {
        std::string path = "/proc/sys/" + name;  // shows the calling thread's namespace
        std::replace(path.begin(), path.end(), '.', '/');
        paths[name] = path;
    }
    add_devices(paths);
    for (const auto& [name, path] : paths) {
        std::ifstream file(path);
        if (std::string value; std::getline(file, value)) {
            std::replace(value.begin(), value.end(), '\t', ' ');
            values[name] = value;
        }
    }
    return values;
}

}  // namespace tcpwitness
