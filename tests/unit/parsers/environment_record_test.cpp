#include "parsers/environment_record.h"

#include <catch2/catch.hpp>

#include "bpf/records.h"
#include "parsers/record_decoder.h"

using namespace tcpwitness;

namespace {

struct Decoding {
    TraceInfo info;
    TraceContext context{info};
    RecordDecoder decoder{context};
    std::vector<Event> events;

    Status decode(const std::string& record) { return decoder.decode(record.data(), record.size(), events); }
};

}  // namespace

TEST_CASE("a fact about a namespace survives the trace") {
    Decoding decoding;
    REQUIRE(decoding.decode(environment_record(77, 4026532001, {Environment::What::changed, false, "route", "main 10.0.0.0/8", "via 10.1.0.1", "blackhole"})).ok());
    REQUIRE(decoding.events.size() == 1);
    const Environment& fact = *decoding.events[0].as<Environment>();
    CHECK(decoding.events[0].time_ns == 77);
    CHECK(decoding.info.witnesses.at(decoding.events[0].witness).netns == 4026532001);
    CHECK(fact.what == Environment::What::changed);
    CHECK_FALSE(fact.of_host);
    CHECK(fact.topic == "route");
    CHECK(fact.name == "main 10.0.0.0/8");
    CHECK(fact.before == "via 10.1.0.1");
    CHECK(fact.after == "blackhole");
}

TEST_CASE("a fact about the host is told from one about its first namespace") {
    Decoding decoding;
    REQUIRE(decoding.decode(environment_record(77, 0, {Environment::What::found, true, "module", "nvidia", "", "proprietary"})).ok());
    CHECK(decoding.events.at(0).as<Environment>()->of_host);
    CHECK(decoding.info.witnesses.empty());  // the namespaces of the trace are witnesses, and no other
}

TEST_CASE("texts of any length make a record that is read again") {
    const std::string longest(100'000, 'x');
    Decoding decoding;
    REQUIRE(decoding.decode(environment_record(1, 2, {Environment::What::changed, false, longest, longest, longest, longest})).ok());
    CHECK(decoding.events.at(0).as<Environment>()->after.size() == 4096);
    REQUIRE(decoding.decode(environment_record(1, 2, {})).ok());
    CHECK(decoding.events.at(1).as<Environment>()->topic.empty());
}

TEST_CASE("texts longer than their record are an error, and none can drive a terminal") {
    std::string record = environment_record(1, 2, {Environment::What::found, false, "route", "x", "", "\x1b[31m"});
    Decoding decoding;
    REQUIRE(decoding.decode(record).ok());
    CHECK(decoding.events.at(0).as<Environment>()->after.find('\x1b') == std::string::npos);
    record[sizeof(tw_head) + offsetof(tw_environment, after_length)] = 100;
    CHECK_FALSE(decoding.decode(record).ok());
}
