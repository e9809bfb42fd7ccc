#include "cli/options.h"

#include <getopt.h>

#include <cstdio>

#include <fmt/format.h>

#include "base/text.h"
#include "outputs/layout.h"

namespace tcpwitness {
namespace {

constexpr int help_value = 1000;
constexpr int first_value = 1001;  // getopt's return value of row i is first_value + i

/// Lines as the terminal wants them, not as the source breaks them.
std::string flowing(std::string text, std::string_view first) {
    for (char& c : text)
        if (c == '\n') c = ' ';
    return wrapped(text, first, help_width);
}

void append_row(std::string& out, const Option& option) {
    std::string form = option.letter ? fmt::format("-{}, --{}", option.letter, option.name) : fmt::format("    --{}", option.name);
    if (option.argument) form += fmt::format(" {}", option.argument);
    constexpr std::size_t column = 30;
    out += "  " + form;
    out += form.size() + 2 < column ? std::string(column - form.size() - 2, ' ') : "\n" + std::string(column, ' ');
    out += flowing(option.help, std::string(column, ' ')).substr(column);
}

}  // namespace

std::vector<std::string> Operands::all() const {
    std::vector<std::string> both = words;
    both.insert(both.end(), after_dashes.begin(), after_dashes.end());
    return both;
}

std::string help_text(const CommandLine& line) {
    const std::string usage = fmt::format("usage: tcpwitness {} ", line.command);
    std::string out = *line.synopsis ? flowing(line.synopsis, usage) : usage.substr(0, usage.size() - 1) + "\n";
    out += "\n" + flowing(line.about, "");
    if (!line.operands.empty()) out += "\n" + line.operands;
    for (const OptionGroup& group : line.groups) {
        out += "\n" + flowing(fmt::format("{}:", group.title), "");
        for (const Option& option : group.options) append_row(out, option);
    }
    if (*line.examples) out += fmt::format("\nExamples:\n{}", line.examples);
    return out;
}

Result<Operands> parse(const CommandLine& line, const std::vector<std::string>& arguments) {
    Operands operands;
    std::vector<std::string> words{line.command};
    bool behind_dashes = false;
    for (const std::string& argument : arguments) {
        if (behind_dashes)
            operands.after_dashes.push_back(argument);
        else if (argument == "--")
            behind_dashes = true;
        else
            words.push_back(argument);
    }

    std::vector<const Option*> rows;
    std::vector<option> longs{{"help", no_argument, nullptr, help_value}};
    std::string shorts = ":h";
    for (const OptionGroup& group : line.groups)
        for (const Option& row : group.options) {
            longs.push_back({row.name, row.argument ? required_argument : no_argument, nullptr, first_value + static_cast<int>(rows.size())});
            if (row.letter) shorts += row.argument ? std::string{row.letter, ':'} : std::string{row.letter};
            rows.push_back(&row);
        }
    longs.push_back({});

    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int argc = static_cast<int>(words.size());
    const std::string hint = fmt::format("; see tcpwitness {} --help", line.command);

    optind = 0;
    opterr = 0;
    for (int found; (found = getopt_long(argc, argv.data(), shorts.c_str(), longs.data(), nullptr)) != -1;) {
        const std::string given = argv[optind - 1] ? printable(argv[optind - 1]) : "";
        if (found == '?' && optopt >= first_value)
            return Error{fmt::format("option --{} takes no value{}", rows[static_cast<std::size_t>(optopt - first_value)]->name, hint)};
        if (found == '?') return Error{fmt::format("unknown option {}{}", optopt > 0 && optopt < 128 ? fmt::format("-{}", char(optopt)) : given, hint)};
        if (found == ':') return Error{fmt::format("option {} needs a value{}", given, hint)};
        if (found == 'h' || found == help_value) {
            fmt::print("{}", help_text(line));
            operands.help_shown = true;
            return operands;
        }
        const Option* row = nullptr;
        if (found >= first_value) row = rows[static_cast<std::size_t>(found - first_value)];
        for (const Option* candidate : rows)
            if (found < first_value && candidate->letter == found) row = candidate;
        if (row->apply_two && optind >= argc) return Error{fmt::format("option --{} needs two values{}", row->name, hint)};
        const Status applied = row->apply_two ? row->apply_two(optarg, argv[optind++]) : row->apply(optarg ? optarg : "");
        if (!applied) return Error{fmt::format("--{}: {}", row->name, applied.error().message)};
    }
    for (int i = optind; i < argc; ++i) operands.words.emplace_back(argv[i]);
    return operands;
}

Option flag(char letter, const char* name, const char* help, bool& value) {
    return {letter, name, nullptr, help, [&value](const std::string&) {
                value = true;
                return success();
            }};
}

Option text(char letter, const char* name, const char* argument, const char* help, std::string& value) {
    return {letter, name, argument, help, [&value](const std::string& given) {
                value = given;
                return success();
            }};
}

}  // namespace tcpwitness
