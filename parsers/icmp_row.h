// An ICMP error as a row of a packet list or a line of tcpdump tells it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/address.h"
#include "parsers/service_names.h"

namespace tcpwitness {

struct IcmpRow {
    std::uint8_t type = 0, code = 0;  ///< type 0: some error, the row was cut before it said which
    bool v6 = false;
    std::uint32_t mtu = 0;          ///< 0 = not shown
    Address from, about;            ///< source and destination of the packet that it is about; none: not shown
    std::uint16_t from_port = 0, about_port = 0;  ///< 0 = not shown
    std::optional<std::uint32_t> seq;             ///< of that packet, where the row quotes it
};

/// `words`: what stands behind the ends, "ICMP host 192.0.2.9 unreachable - admin prohibited, length 68" or "ICMP6, packet too big, mtu 1280". With -v,
/// the packet that the error quotes stands behind it. Nothing where it is no error, or one about another protocol than TCP.
std::optional<IcmpRow> icmp_of_dump(std::string_view words, ServiceNames& names);

/// `info`: "Destination unreachable (Host administratively prohibited)". Such a row does not show what it is about.
std::optional<IcmpRow> icmp_of_list(std::string_view info, bool v6);

}  // namespace tcpwitness
