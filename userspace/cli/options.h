// Command-line options as rows of a table: parsing and --help read the same row.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tcpwitness {

inline constexpr std::size_t help_width = 80;

struct Option {
    char letter;           ///< short form; 0 = none
    const char* name;      ///< long form without dashes
    const char* argument;  ///< what --help calls its argument; nullptr = a flag
    const char* help;
    std::function<Status(const std::string&)> apply;  ///< gets "" for a flag
    std::function<Status(const std::string&, const std::string&)> apply_two = {};  ///< instead of it, for one that takes two words
};

struct OptionGroup {
    const char* title;
    std::vector<Option> options;
};

/// Everything that one command takes from its command line.
struct CommandLine {
    const char* command;   ///< "record"
    const char* synopsis;  ///< "[-w FILE] [FILTERS] [-- COMMAND ...]"
    const char* about;     ///< a paragraph; --help breaks its lines
    std::vector<OptionGroup> groups;
    const char* examples;  ///< lines; may be ""
    std::string operands = {};  ///< lines about what the operands may be, shown before the options; may be ""
};

/// What is left when the options are taken out.
struct Operands {
    std::vector<std::string> words;         ///< before "--"
    std::vector<std::string> after_dashes;  ///< behind "--"
    bool help_shown = false;                ///< --help was given and answered on stdout

    /// Of a command that runs no other: "--" only ends the options, so that an operand may begin with a dash.
    std::vector<std::string> all() const;
};

/// Applies each option in turn. The error is one line that names the option and what to do.
Result<Operands> parse(const CommandLine&, const std::vector<std::string>& arguments);

std::string help_text(const CommandLine&);

/// Rows that set plain variables.
Option flag(char letter, const char* name, const char* help, bool& value);
Option text(char letter, const char* name, const char* argument, const char* help, std::string& value);

}  // namespace tcpwitness
