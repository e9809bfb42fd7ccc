// Several files, one story.
#pragma once

#include <string>
#include <vector>

#include "case/exhibit.h"
#include "correlate/story.h"

namespace tcpwitness {

/// What the user says about a witness: --witness NAME=ADDR,...
struct NamedWitness {
    std::string name;
    std::vector<Address> addresses;
};

/// One exhibit keeps its own clock; several are put on the first one's wall clock, and witnesses that stand at one place become one.
Story story_of(std::vector<Exhibit>);

/// Gives witnesses the name that the user chose: those that have one of its addresses. The error names one that no file knows.
Status name_witnesses(std::vector<Exhibit>&, const std::vector<NamedWitness>&);

}  // namespace tcpwitness
