#include <catch2/catch.hpp>

#include "cli/options.h"

using namespace tcpwitness;

namespace {

struct Given {
    bool quick = false;
    std::string file;
    CommandLine line{"play", "[-q] [-w FILE] [WORD]", "Plays.", {{"Options", {flag('q', "quick", "be quick", quick), text('w', "write", "FILE", "there", file)}}}, ""};
};

}  // namespace

TEST_CASE("options set what their rows name, and leave operands") {
    Given given;
    const auto operands = parse(given.line, {"-q", "--write=x", "one", "two"});
    REQUIRE(operands);
    CHECK(given.quick);
    CHECK(given.file == "x");
    CHECK(operands->words == std::vector<std::string>{"one", "two"});
    CHECK(operands->after_dashes.empty());
}

TEST_CASE("what stands behind -- is left alone, options of the command included") {
    Given given;
    const auto operands = parse(given.line, {"-w", "x", "--", "curl", "-q", "--", "y"});
    REQUIRE(operands);
    CHECK_FALSE(given.quick);
    CHECK(operands->after_dashes == std::vector<std::string>{"curl", "-q", "--", "y"});
}

TEST_CASE("a wrong option is one line that names it and says where help is") {
    Given given;
    const auto unknown = parse(given.line, {"--quik"});
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message == "unknown option --quik; see tcpwitness play --help");
    CHECK(parse(given.line, {"-x"}).error().message == "unknown option -x; see tcpwitness play --help");
    CHECK(parse(given.line, {"--write"}).error().message == "option --write needs a value; see tcpwitness play --help");
    CHECK(parse(given.line, {"-w"}).error().message == "option -w needs a value; see tcpwitness play --help");
}

TEST_CASE("help shows every row") {
    Given given;
    const std::string help = help_text(given.line);
    CHECK(help.find("usage: tcpwitness play [-q] [-w FILE] [WORD]") == 0);
    CHECK(help.find("-q, --quick") != std::string::npos);
    CHECK(help.find("-w, --write FILE") != std::string::npos);
}
