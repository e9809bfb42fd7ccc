// Which fields of the kernel's structs each BPF program reads: what the object's own relocations (CO-RE) tell.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "live/kernel.h"

namespace tcpwitness {

struct FieldNeed {
    std::string type;        ///< "sock"
    std::string path;        ///< "__sk_common.skc_state", without the names that unnamed structs do not have
    bool asked_for = false;  ///< the program asks first whether the kernel has it, and does without
};

/// By program, of a BPF object file's bytes; empty where they hold no such information. The bytes are this program's own, not an input.
std::map<std::string, std::vector<FieldNeed>> field_needs(std::string_view object);

/// The same of the object that this program loads.
const std::map<std::string, std::vector<FieldNeed>>& own_field_needs();

/// The first field that the kernel lacks and the program does not ask for, as a sentence; empty where it has them all.
std::string why_field_missing(const Kernel&, const std::vector<FieldNeed>&);

}  // namespace tcpwitness
