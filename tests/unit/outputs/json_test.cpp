#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"
#include "golden.h"
#include "json_check.h"
#include "outputs/json_writer.h"
#include "outputs/outputs.h"
#include "stories.h"
#include "support/tests_folder.h"

using namespace tcpwitness;

namespace {

std::string json(const Case& made, const OutputOptions& options = {}) {
    StringSink sink;
    find_output("json")->write(made.story, made.judged(), options, sink);
    return sink.text();
}

std::vector<std::string> lines(const std::string& all) {
    std::vector<std::string> each;
    for (const auto line : split(all, '\n'))
        if (!line.empty()) each.emplace_back(line);
    return each;
}

std::map<std::string, std::size_t> types(const std::string& all) {
    std::map<std::string, std::size_t> count;
    for (const std::string& line : lines(all)) ++count[json_value(line, "type")];
    return count;
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

std::string document() {
    std::ifstream file(tests_folder() + "/../docs/json.md");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("JSON of the forged reset, whole") { CHECK(difference_from_golden("forged_reset.jsonl", json(forged_reset())) == ""); }

TEST_CASE("JSON of every kind of event, whole") { CHECK(difference_from_golden("every_kind.jsonl", json(every_kind())) == ""); }

TEST_CASE("Every line is one JSON object, also when names are hostile") {
    for (const Case& made : {forged_reset(), healthy_case(20), every_kind(), hostile(), repeated(), Case{}})
        for (const std::string& line : lines(json(made))) {
            INFO(line);
            CHECK(json_keys(line));
        }
}

TEST_CASE("docs/json.md describes every field") {
    const std::string text = document();
    REQUIRE(!text.empty());
    for (const Case& made : {forged_reset(), healthy_case(1), every_kind(), repeated()})
        for (const std::string& line : lines(json(made))) {
            const auto keys = json_keys(line);
            REQUIRE(keys);
            for (const std::string& key : *keys) {
                if (key.starts_with("sysctls.")) continue;
                const std::string name = key.substr(key.find("[].") == std::string::npos ? 0 : key.find("[].") + 3);
                INFO(key);
                CHECK(text.find("`" + name + "`") != std::string::npos);
            }
        }
}

TEST_CASE("What JSON holds follows the options") {
    CHECK(types(json(forged_reset())) == std::map<std::string, std::size_t>{{"verdict", 1}, {"witness", 3}, {"finding", 1}, {"connection", 2}, {"event", 35}});
    OutputOptions options;
    options.findings_only = true;
    CHECK(types(json(every_kind(), options)) == std::map<std::string, std::size_t>{{"verdict", 1}, {"witness", 1}, {"finding", 2}, {"gap", 1}});
    options = {};
    options.selected = [](const Connection& connection) { return connection.id == 1; };
    CHECK(types(json(forged_reset(), options))["connection"] == 1);
}

TEST_CASE("A sink that nobody reads any more ends the output") {
    struct Closed : Sink {
        void append(std::string_view) override { ++appended; }
        bool good() const override { return false; }
        std::size_t appended = 0;
    };
    const Case made = healthy_case(100);
    for (const Output& output : outputs()) {
        if (!output.write) continue;
        Closed closed;
        output.write(made.story, made.judged(), {}, closed);
        CHECK(closed.appended < 20);
    }
}

TEST_CASE("Strings") {
    CHECK(quoted("plain") == "\"plain\"");
    CHECK(quoted("a\"b\\c\n\t\x01") == R"("a\"b\\c\n\t\u0001")");
    CHECK(quoted("\x7f\xc2\x9b") == R"("\u007f\u009b")");            // DEL and a C1 control
    CHECK(quoted("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
    CHECK(quoted("\xf0\x9f\x98\x80") == "\"\xf0\x9f\x98\x80\"");
    CHECK(quoted("\xff\xc3") == R"("\ufffd\ufffd")");
    CHECK(quoted("\xc0\xaf") == R"("\ufffd\ufffd")");                // overlong
    CHECK(quoted("\xed\xa0\x80") == R"("\ufffd\ufffd\ufffd")");      // surrogate
    CHECK(quoted("\xe2\x80\xae") == R"("\u202e")");                  // turns the text around
    CHECK(quoted(std::string_view("a\0b", 3)) == R"("a\u0000b")");
}

TEST_CASE("Numbers, nesting and commas") {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    json.member("most", UINT64_MAX);
    json.member("least", INT64_MIN);
    json.member("truth", true);
    json.key("list");
    json.begin_array();
    json.value(1);
    json.begin_object();
    json.end_object();
    json.null();
    json.end_array();
    json.member("text", "x");
    json.end_object();
    CHECK(out == R"({"most":18446744073709551615,"least":-9223372036854775808,"truth":true,"list":[1,{},null],"text":"x"})");
}
