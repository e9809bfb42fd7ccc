#include <catch2/catch.hpp>

#include "live/fitness.h"
#include "support/btf_sketch.h"

using namespace tcpwitness;

namespace {

/// What varies between the kernels that are promised to work, as each of them declares it.
Kernel debian_12() {  // 6.1
    return Kernel::described_by(BtfSketch()
                                    .tracepoint("tcp_send_reset(sock, sk_buff)")
                                    .tracepoint("tcp_retransmit_skb(sock, sk_buff)")
                                    .tracepoint("kfree_skb(sk_buff, void, enum skb_drop_reason)")
                                    .tracepoint("timer_start(timer_list, long, int)")
                                    .tracepoint("inet_sock_set_state(sock, int, int)")
                                    .function("nf_send_reset(net, sock, sk_buff, int)")
                                    .function("nf_send_reset6(net, sock, sk_buff, int)")
                                    .function("tcp_v4_send_reset(sock, sk_buff)")
                                    .function("tcp_v6_send_reset(sock, sk_buff)")
                                    .take());
}

Kernel backported() {  // 6.12
    return Kernel::described_by(BtfSketch()
                                    .tracepoint("tcp_send_reset(sock, sk_buff, enum sk_rst_reason)")
                                    .tracepoint("tcp_retransmit_skb(sock, sk_buff)")
                                    .tracepoint("kfree_skb(sk_buff, void, enum skb_drop_reason, sock)")
                                    .tracepoint("timer_start(timer_list, long)")
                                    .tracepoint("inet_sock_set_state(sock, int, int)")
                                    .function("tcp_v4_send_reset(sock, sk_buff, enum sk_rst_reason)")
                                    .function("tcp_v6_send_reset(sock, sk_buff, enum sk_rst_reason)")
                                    .take());
}

Kernel recent() {  // 6.18
    return Kernel::described_by(BtfSketch()
                                    .tracepoint("tcp_send_reset(sock, sk_buff, enum sk_rst_reason)")
                                    .tracepoint("tcp_retransmit_skb(sock, sk_buff, int)")
                                    .tracepoint("kfree_skb(sk_buff, void, enum skb_drop_reason, sock)")
                                    .tracepoint("timer_start(timer_list, long)")
                                    .tracepoint("inet_sock_set_state(sock, int, int)")
                                    .take());
}

}  // namespace

TEST_CASE("a tracepoint's arguments are told by type, without pointers and qualifiers") {
    CHECK(*debian_12().tracepoint_arguments("tcp_send_reset") == std::vector<std::string>{"sock", "sk_buff"});
    CHECK(*recent().tracepoint_arguments("tcp_send_reset") == std::vector<std::string>{"sock", "sk_buff", "enum sk_rst_reason"});
    CHECK(*debian_12().tracepoint_arguments("timer_start") == std::vector<std::string>{"timer_list", "unsigned long", "int"});
    CHECK_FALSE(debian_12().tracepoint_arguments("tcp_receive_reset"));
    CHECK(*debian_12().function_arguments("nf_send_reset") == std::vector<std::string>{"net", "sock", "sk_buff", "int"});
    CHECK_FALSE(recent().function_arguments("nf_send_reset"));
}

TEST_CASE("arguments that came with a later kernel are used where they are and nowhere else") {
    CHECK_FALSE(tells_reset_reasons(debian_12()));
    CHECK(tells_reset_reasons(backported()));
    CHECK(tells_reset_reasons(recent()));
    CHECK_FALSE(tells_retransmit_error(debian_12()));
    CHECK_FALSE(tells_retransmit_error(backported()));
    CHECK(tells_retransmit_error(recent()));
    CHECK_FALSE(tells_drop_socket(debian_12()));
    CHECK(tells_drop_socket(backported()));
    CHECK(tells_drop_socket(recent()));
    // an argument of another type at the same place is not what is looked for
    const Kernel other = Kernel::described_by(BtfSketch()
                                                  .tracepoint("tcp_send_reset(sock, sk_buff, int)")
                                                  .tracepoint("tcp_retransmit_skb(sock, sk_buff, enum skb_drop_reason)")
                                                  .tracepoint("kfree_skb(sk_buff, void, enum skb_drop_reason, int)")
                                                  .take());
    CHECK_FALSE(tells_reset_reasons(other));
    CHECK_FALSE(tells_retransmit_error(other));
    CHECK_FALSE(tells_drop_socket(other));
    CHECK(why_unfit(other, *probe(TW_PROBE_DROP), 0) == "");
}

TEST_CASE("a program fits every kernel whose hook begins with the arguments that it reads") {
    for (const tw_probe number : {TW_PROBE_RESET_OUT, TW_PROBE_RETRANSMIT, TW_PROBE_TIMER_ARMED, TW_PROBE_STATE, TW_PROBE_DROP}) {
        INFO(name(*probe(number)));
        CHECK(why_unfit(debian_12(), *probe(number), 0) == "");
        CHECK(why_unfit(backported(), *probe(number), 0) == "");
        CHECK(why_unfit(recent(), *probe(number), 0) == "");
    }
}

TEST_CASE("a program whose hook is missing or takes other arguments is left out, and it is said why") {
    CHECK(why_unfit(recent(), *probe(TW_PROBE_RESET_IN), 0) == "this kernel has no tracepoint tcp_receive_reset");
    const Kernel other = Kernel::described_by(
        BtfSketch().tracepoint("tcp_send_reset(sk_buff, sock)").tracepoint("inet_sock_set_state(sock, int)").take());
    CHECK(why_unfit(other, *probe(TW_PROBE_RESET_OUT), 0) == "this kernel's tracepoint tcp_send_reset has other arguments than the program reads");
    CHECK(why_unfit(other, *probe(TW_PROBE_STATE), 0) == "this kernel's tracepoint inet_sock_set_state has other arguments than the program reads");
}

TEST_CASE("a kernel whose kfree_skb has no reason (before 5.17), or has it elsewhere, has no probe for drops") {
    const std::string other = "this kernel's tracepoint kfree_skb has other arguments than the program reads";
    const Kernel old = Kernel::described_by(BtfSketch().tracepoint("kfree_skb(sk_buff, void)").take());
    CHECK(*old.tracepoint_arguments("kfree_skb") == std::vector<std::string>{"sk_buff", "void"});
    CHECK(why_unfit(old, *probe(TW_PROBE_DROP), 0) == other);
    CHECK_FALSE(tells_drop_socket(old));
    // were the socket to come first, the reason would be read from the wrong place
    const Kernel moved = Kernel::described_by(BtfSketch().tracepoint("kfree_skb(sk_buff, void, sock, enum skb_drop_reason)").take());
    CHECK(why_unfit(moved, *probe(TW_PROBE_DROP), 0) == other);
    CHECK_FALSE(tells_drop_socket(moved));
}

TEST_CASE("programs on functions are chosen one by one") {
    const Probe& firewall = *probe(TW_PROBE_NF_RESET);
    CHECK(firewall.optional);
    CHECK(why_unfit(debian_12(), firewall, 0) == "");
    CHECK(why_unfit(debian_12(), firewall, 1) == "");
    const Kernel one = Kernel::described_by(BtfSketch().function("nf_send_reset(net, sock, sk_buff, int)").take());
    CHECK(why_unfit(one, firewall, 0) == "");
    CHECK(why_unfit(one, firewall, 1) == "this kernel has no function nf_send_reset6 as long as the module nf_reject_ipv6 is not loaded");
    const Kernel before = Kernel::described_by(BtfSketch().function("nf_send_reset(net, sk_buff, int)").take());
    CHECK(why_unfit(before, firewall, 0) == "this kernel's function nf_send_reset has other arguments than the program reads");
}

TEST_CASE("resets without a socket are looked for only where tcp_send_reset is silent about them") {
    const Probe& answer = *probe(TW_PROBE_RESET_ANSWER);
    CHECK(why_unfit(debian_12(), answer, 0) == "");
    CHECK(why_unfit(debian_12(), answer, 1) == "");
    CHECK(why_unfit(backported(), answer, 0) == "not needed: this kernel's tcp_send_reset tells these too");
}
