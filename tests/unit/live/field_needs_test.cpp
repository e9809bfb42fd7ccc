#include <catch2/catch.hpp>

#include <algorithm>

#include "live/field_needs.h"
#include "support/btf_sketch.h"

using namespace tcpwitness;

namespace {

using Fields = std::map<std::string, std::set<std::string>>;  // by struct

/// Every field that some program reads or asks for.
Fields all_fields() {
    Fields fields;
    for (const auto& [program, needs] : own_field_needs())
        for (const FieldNeed& need : needs) fields[need.type].insert(need.path);
    return fields;
}

Kernel with(const Fields& fields) {
    BtfSketch sketch;
    for (const auto& [type, paths] : fields) sketch.structure(type, paths);
    return Kernel::described_by(sketch.take());
}

struct Field {
    std::string type, path;
};

/// A kernel that has everything but these, each of which must be one that a program knows.
Kernel without(const std::vector<Field>& missing) {
    Fields fields = all_fields();
    for (const Field& field : missing) {
        INFO(field.type << "." << field.path);
        CHECK(fields[field.type].erase(field.path) == 1);
    }
    return with(fields);
}

const FieldNeed& need(const std::string& program, const std::string& type, const std::string& path) {
    const auto& needs = own_field_needs().at(program);
    const auto found = std::find_if(needs.begin(), needs.end(), [&](const FieldNeed& one) { return one.type == type && one.path == path; });
    REQUIRE(found != needs.end());
    return *found;
}

}  // namespace

TEST_CASE("the object tells which fields each program reads, and which it asks for first") {
    CHECK_FALSE(need("on_state", "sock", "__sk_common.skc_cookie").asked_for);
    CHECK_FALSE(need("on_state", "sock", "__sk_common.skc_v6_daddr.in6_u.u6_addr32").asked_for);
    CHECK_FALSE(need("on_timer_armed", "inet_connection_sock", "icsk_ack.lrcvtime").asked_for);
    CHECK(need("on_timer_armed", "inet_connection_sock", "icsk_retransmit_timer").asked_for);
    CHECK(need("look_at_queues", "sock", "sk_ino").asked_for);
    CHECK(own_field_needs().count("exit_connect") == 1);
}

TEST_CASE("bytes that are no object need nothing") {
    CHECK(field_needs("").empty());
    CHECK(field_needs("\x7f" "ELF and then something else").empty());
}

TEST_CASE("every program does with the fields that each promised kernel has") {
    const Field keepalive{"inet_connection_sock", "icsk_keepalive_timer"}, retransmit{"sock", "tcp_retransmit_timer"}, inode{"sock", "sk_ino"};
    const std::vector<std::pair<std::string, std::vector<Field>>> kernels = {
        {"6.1 and 6.12", {keepalive, retransmit, inode}},
        {"6.18", {keepalive, retransmit}},
        {"6.19", {{"inet_connection_sock", "icsk_retransmit_timer"}}},
        {"one that does not tell a half-open connection's timeout", {{"request_sock", "timeout"}}},
    };
    for (const auto& [name, missing] : kernels) {
        const Kernel kernel = without(missing);
        for (const auto& [program, needs] : own_field_needs()) {
            INFO(name << ", " << program);
            CHECK(why_field_missing(kernel, needs) == "");
        }
    }
}

TEST_CASE("a missing field is named, and only where it is read") {
    const Kernel kernel = without({{"tcp_sock", "snd_una"}});
    CHECK(why_field_missing(kernel, own_field_needs().at("on_timer_armed")) == "this kernel's struct tcp_sock has no field snd_una");
    CHECK(why_field_missing(kernel, own_field_needs().at("on_process_exit")) == "");
    CHECK(why_field_missing(with({}), own_field_needs().at("on_process_exit")).starts_with("this kernel's struct "));
}

TEST_CASE("a field may move within its struct, not to another") {
    Fields fields = all_fields();
    fields["tcp_sock"].erase("snd_una");
    fields["tcp_sock"].insert(".snd_una");  // into an unnamed struct or union
    CHECK(with(fields).has_field("tcp_sock", "snd_una"));
    CHECK(why_field_missing(with(fields), own_field_needs().at("on_timer_armed")) == "");
    fields["tcp_sock"].erase(".snd_una");
    fields["inet_sock"].insert("snd_una");
    CHECK_FALSE(with(fields).has_field("tcp_sock", "snd_una"));
    CHECK_FALSE(with(fields).has_field("tcp_sock", "snd_una.deeper"));
    CHECK_FALSE(with(fields).has_field("no_such_struct", "snd_una"));
}
