#include <algorithm>

#include <catch2/catch.hpp>

#include "cli/options.h"
#include "cli/output_options.h"

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

TEST_CASE("an option that takes two words takes the two behind it, wherever it stands") {
    std::string from, to;
    const CommandLine line{"play", "", "Plays.", {{"Options", {{0, "between", "FROM TO", "then", {}, [&](const std::string& a, const std::string& b) {
                                                                   from = a;
                                                                   to = b;
                                                                   return success();
                                                               }}}}}, ""};
    for (const std::vector<std::string>& words : {std::vector<std::string>{"one", "--between", "a", "-b", "two"}, {"--between=a", "-b", "one", "two"},
                                                  {"one", "two", "--between", "a", "-b"}}) {
        from = to = "";
        const auto operands = parse(line, words);
        REQUIRE(operands);
        CHECK(from == "a");
        CHECK(to == "-b");
        CHECK(operands->words == std::vector<std::string>{"one", "two"});
    }
    CHECK(parse(line, {"--between", "a"}).error().message == "option --between needs two values; see tcpwitness play --help");
    CHECK(parse(line, {"--between"}).error().message == "option --between needs a value; see tcpwitness play --help");
}

TEST_CASE("help shows every row") {
    Given given;
    const std::string help = help_text(given.line);
    CHECK(help.find("usage: tcpwitness play [-q] [-w FILE] [WORD]") == 0);
    CHECK(help.find("-q, --quick") != std::string::npos);
    CHECK(help.find("-w, --write FILE") != std::string::npos);
}

TEST_CASE("a flag takes no value") {
    Given given;
    CHECK(parse(given.line, {"--quick=yes"}).error().message == "option --quick takes no value; see tcpwitness play --help");
    CHECK_FALSE(given.quick);
}

TEST_CASE("a command that runs no other takes what stands behind -- as its own operands") {
    Given given;
    const auto operands = parse(given.line, {"one", "--", "-q"});
    REQUIRE(operands);
    CHECK(operands->all() == std::vector<std::string>{"one", "-q"});
    CHECK_FALSE(given.quick);
}

TEST_CASE("help fits a terminal of 80 columns, however the source breaks its lines") {
    bool value = false;
    const std::string words = "many words that follow one another\nand are broken here and there ";
    const std::string about = words + words + words;
    const CommandLine line{"play", about.c_str(), about.c_str(), {{about.c_str(), {flag(0, "quick", about.c_str(), value)}}}, ""};
    std::size_t longest = 0, begin = 0;
    const std::string help = help_text(line);
    for (std::size_t end; (end = help.find('\n', begin)) != std::string::npos; begin = end + 1) longest = std::max(longest, end - begin);
    CHECK(longest <= 80);
    CHECK(longest > 70);
}

TEST_CASE("--color takes its three words only") {
    std::string choice = "auto";
    const CommandLine line{"play", "", "Plays.", {{"Output", {colour_option(choice)}}}, ""};
    REQUIRE(parse(line, {"--color", "never"}));
    CHECK(choice == "never");
    CHECK(parse(line, {"--color=sometimes"}).error().message == "--color: 'sometimes' is not auto, always or never");
    CHECK(choice == "never");
}
