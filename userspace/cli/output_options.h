#pragma once

#include <string>

#include "cli/capture_export.h"
#include "cli/options.h"
#include "outputs/outputs.h"

namespace tcpwitness {

struct OutputArguments {
    std::string format = "text", file, colour = "auto";
    ExportArguments capture;
    bool force = false, findings_only = false, all = false, benign = false, verbose = false, utc = false;
};

OptionGroup output_options(OutputArguments&);

/// As asked for, and as stdout allows: colour and width of a terminal.
OutputOptions to_output_options(const OutputArguments&);

/// The row of --color; another word than those below is an error.
Option colour_option(std::string& choice);

/// Colour on stdout: "always", "never", or "auto": on a terminal, unless NO_COLOR is set or TERM is dumb.
bool want_colour(const std::string& choice);

std::string unknown_format(const std::string& name);

}  // namespace tcpwitness
