#include <catch2/catch.hpp>

#include <set>
#include <string>

#include "live/probes.h"
#include "parsers/probe_names.h"

using namespace tcpwitness;

TEST_CASE("every probe number that has a name has one row and a program of its own") {
    std::set<std::string> names, programs;
    for (unsigned number = 0; number < TW_PROBES; ++number) {
        if (number == TW_PROBE_COLLECTOR || std::string(probe_name(number)) == "unknown") continue;
        INFO("probe " << number);
        const Probe* row = probe(static_cast<tw_probe>(number));
        REQUIRE(row);
        CHECK(names.insert(name(*row)).second);
        CHECK(std::string(row->shows) != "");
        REQUIRE_FALSE(row->programs.empty());
        for (const char* program : row->programs) CHECK(programs.insert(program).second);
    }
    CHECK(probes().size() == names.size());
    CHECK_FALSE(probe(TW_PROBE_COLLECTOR));
}

TEST_CASE("hooks are named as the loader names them") {
    CHECK(hook_text(*probe(TW_PROBE_STATE)) == "tp_btf/inet_sock_set_state");
    CHECK(hook_text(*probe(TW_PROBE_SNAPSHOT_TCP)) == "iter/tcp");
    CHECK(hook_text(*probe(TW_PROBE_CALL_EXIT)) == "tracepoint/syscalls/sys_exit_{socket,bind,listen,connect,accept,accept4,shutdown}");
}
