// What a finding must have excluded before it may be called proven: data, not habit.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace tcpwitness {

struct Finding;
struct Story;

/// Another explanation of what was seen. Those above `rewritten` are checked in one place (proof.cpp), from the story; the others are excluded by
/// the rule that sets the finding, where it holds the evidence.
enum class Other : std::uint8_t {
    records_lost,     ///< it was there, and the recorder lost it
    not_recorded,     ///< it happened when or where nothing was recorded
    clocks_apart,     ///< it lies at another time, because the clocks could not be compared
    hidden_program,   ///< a program on the silent host took or made packets where the hooks do not see it: XDP, tc
    device_down,      ///< the silent host's device was down or had no carrier
    spoilt_packet,    ///< the packet arrived damaged, and was thrown away as such
    misaddressed,     ///< the frame came with another machine's link-layer address, and was thrown away as not meant
    rewritten,        ///< the packet went under another address, port or number
    never_left,       ///< the packet was never seen leaving its sender
    other_holder,     ///< the address may belong to another host
    reason_guessed,   ///< the kernel did not tell why; it was inferred
    other_cause,      ///< the connection failed for another reason besides
    other_process,    ///< another process did it
    own_stack,        ///< the host's own TCP did it, for want of a socket
    by_chance,        ///< several things fell together by chance
};

struct OtherExplanation {
    Other id;
    const char* what;      ///< the other explanation, as a clause: "the recorder lost it"
    const char* excluded;  ///< the evidence that excludes it
};
/// The table, in the order of `Other`.
std::span<const OtherExplanation> other_explanations();

/// A set of them.
using Others = std::uint32_t;
constexpr Others others(std::initializer_list<Other> all) {
    Others set = 0;
    for (const Other one : all) set |= Others{1} << static_cast<unsigned>(one);
    return set;
}
constexpr bool holds(Others set, Other one) { return set >> static_cast<unsigned>(one) & 1; }

/// Silence of a recorded host as proof: what every such proof must exclude.
inline constexpr Others silence = others({Other::records_lost, Other::not_recorded, Other::clocks_apart, Other::hidden_program, Other::device_down, Other::spoilt_packet, Other::misaddressed});
/// Silence of its sockets, not of its wire.
inline constexpr Others socket_silence = others({Other::records_lost, Other::not_recorded, Other::clocks_apart});

/// What the silence of a proof means for a packet. A program on the silent host, or a device of it that is down, then is the better explanation.
enum class Lost : std::uint8_t {
    nothing,
    on_its_way,   ///< it never came into the silent host
    in_the_host,  ///< it came in there, and nothing came of it
};

/// One way in which a rule proves: on what ground, and what that must exclude.
struct Proof {
    const char* ground;  ///< a clause: "the peer was recorded and saw no SYN"
    Others excludes = 0;
    Lost lost = Lost::nothing;
};

/// Calls the finding proven on this ground. `excluded`: what the rule has excluded by its own evidence.
void prove(Finding&, const Proof&, Others excluded = 0);

/// Lets a proven finding fall to likely where its ground asks for something that is not excluded; says which, and what would settle it. Where that
/// explains a loss better than the path does, it becomes the culprit.
void check_proof(Finding&, const Story&);

}  // namespace tcpwitness
