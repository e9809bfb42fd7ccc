// make_capture OUT PACKETS [STREAMS [resets]]: a capture as a busy front end gives it, the same for the same arguments. Nine tenths of the packets are
// connection churn (clients that ask, get an answer and close), a tenth is STREAMS (8) bulk transfers with a lost segment now and then,
// SACK and retransmissions. With "resets" the server resets each request instead: six packets for each connection. Ethernet, IPv4, timestamps; 96 bytes of each packet are kept, as `tcpdump -s 96` does.
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr std::uint32_t snap = 96;
enum : std::uint8_t { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16 };

class Writer {
public:
    explicit Writer(const char* path) : file_(std::fopen(path, "wb")) {
        if (!file_) return;
        std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
        const std::uint32_t header[] = {0xa1b2c3d4, 2 | 4u << 16, 0, 0, snap, 1};
        std::fwrite(header, sizeof header, 1, file_);
    }
    bool good() const { return file_; }
    void put(std::uint64_t us, const std::uint8_t* bytes, std::uint32_t length) {
        const std::uint32_t kept = length < snap ? length : snap;
        const std::uint32_t header[] = {static_cast<std::uint32_t>(us / 1'000'000), static_cast<std::uint32_t>(us % 1'000'000), kept, length};
        std::fwrite(header, sizeof header, 1, file_);
        std::fwrite(bytes, kept, 1, file_);
        ++written;
    }
    bool close() { return std::fclose(file_) == 0; }
    std::uint64_t written = 0;

private:
    std::FILE* file_;
};

struct End {
    std::uint32_t address = 0, next = 0;
    std::uint16_t port = 0, ip_id = 0;
    std::uint8_t ttl = 64;
};

struct Segment {
    std::uint8_t flags = ack;
    std::uint32_t length = 0;
    std::uint32_t seq = 0, acked = 0;
    std::uint32_t sack_left = 0, sack_right = 0;
};

class Wire {
public:
    explicit Wire(Writer& to) : to_(to) {}
    std::uint64_t us = 1'700'000'000'000'000;

    void send(End& from, const End& to, const Segment& segment) {
        std::array<std::uint8_t, 128> frame{};
        std::memcpy(frame.data(), from.ttl == 64 ? "\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0" : "\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\0", 14);
        std::uint8_t* ip = frame.data() + 14;
        std::uint8_t* tcp = ip + 20;
        std::uint8_t* option = tcp + 20;
        if (segment.flags & syn) option = put(option, {2, 4, 5, 180, 4, 2, 1, 3, 3, 7});
        option = put(option, {1, 1, 8, 10});
        option = number32(number32(option, static_cast<std::uint32_t>(us / 1'000)), static_cast<std::uint32_t>(us / 1'000 - 1));
        if (segment.sack_right) option = number32(number32(put(option, {1, 1, 5, 10}), segment.sack_left), segment.sack_right);
        while ((option - tcp) % 4) *option++ = 1;
        const auto header = static_cast<std::uint32_t>(option - tcp);
        ip[0] = 0x45;
        number16(ip + 2, static_cast<std::uint16_t>(20 + header + segment.length));
        number16(ip + 4, ++from.ip_id);
        ip[6] = 0x40;
        ip[8] = from.ttl;
        ip[9] = 6;
        number32(ip + 12, from.address);
        number32(ip + 16, to.address);
        number16(tcp, from.port);
        number16(tcp + 2, to.port);
        number32(tcp + 4, segment.seq);
        number32(tcp + 8, segment.flags & ack ? segment.acked : 0);
        tcp[12] = static_cast<std::uint8_t>(header / 4 << 4);
        tcp[13] = segment.flags;
        number16(tcp + 14, 502);
        to_.put(us, frame.data(), 34 + header + segment.length);
    }

private:
    static std::uint8_t* put(std::uint8_t* to, std::initializer_list<std::uint8_t> bytes) {
        for (const std::uint8_t byte : bytes) *to++ = byte;
        return to;
    }
    static std::uint8_t* number16(std::uint8_t* to, std::uint16_t number) { return put(to, {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}); }
    static std::uint8_t* number32(std::uint8_t* to, std::uint32_t number) { return number16(number16(to, static_cast<std::uint16_t>(number >> 16)), static_cast<std::uint16_t>(number)); }

    Writer& to_;
};

/// A client that connects, asks, gets an answer and closes: ten packets, one for each step().
class Visit {
public:
    Visit(std::uint32_t number, bool resets) : resets_(resets) {
        client_ = {0x0a000000 + number / 28'000 % 60'000 + 2, number * 2'654'435'761u, static_cast<std::uint16_t>(32'768 + number % 28'000), 7, 57};
        server_ = {0x0a640001, number * 40'503u + 99, 443, 1, 64};
    }
    bool step(Wire& wire) {
        if (resets_ && step_ == 5) return say(wire, server_, client_, rst | ack, 0), false;
        switch (step_++) {
            case 0: return say(wire, client_, server_, syn, 0);
            case 1: return say(wire, server_, client_, syn | ack, 0);
            case 2: return say(wire, client_, server_, ack, 0);
            case 3: return say(wire, client_, server_, ack | psh, 320);
            case 4: return say(wire, server_, client_, ack, 0);
            case 5: return say(wire, server_, client_, ack | psh, 1'200);
            case 6: return say(wire, client_, server_, ack, 0);
            case 7: return say(wire, client_, server_, fin | ack, 0);
            case 8: return say(wire, server_, client_, fin | ack, 0);
            default: say(wire, client_, server_, ack, 0); return false;
        }
    }

private:
    static bool say(Wire& wire, End& from, const End& to, std::uint8_t flags, std::uint32_t length) {
        wire.send(from, to, {flags, length, from.next, to.next});
        from.next += length + (flags & syn ? 1 : 0) + (flags & fin ? 1 : 0);
        return true;
    }
    End client_, server_;
    int step_ = 0;
    bool resets_;
};

/// A transfer without end: two segments and an ACK; every 500th segment is lost and sent again after SACKs.
class Stream {
public:
    explicit Stream(std::uint32_t number) {
        client_ = {0x0ac80002 + number, 5'000, static_cast<std::uint16_t>(50'000 + number), 3, 57};
        server_ = {0x0a640001, 9'000, 80, 5, 64};
    }
    void step(Wire& wire) {
        constexpr std::uint32_t mss = 1'448;
        const int turn = step_++;
        if (turn < 3) {  // the handshake
            End &from = turn == 1 ? server_ : client_, &to = turn == 1 ? client_ : server_;
            const auto flags = static_cast<std::uint8_t>(turn == 0 ? syn : turn == 1 ? syn | ack : ack);
            wire.send(from, to, {flags, 0, from.next, to.next});
            from.next += turn < 2;
            return;
        }
        if (turn % 3 == 2) {
            Segment answer{ack, 0, client_.next, lost_ ? lost_at_ : server_.next};
            if (lost_) {
                answer.sack_left = lost_at_ + mss;
                answer.sack_right = server_.next;
            }
            wire.send(client_, server_, answer);
            if (lost_ && --lost_ == 0) {
                wire.us += 40;
                wire.send(server_, client_, {ack, mss, lost_at_, client_.next});
            }
            return;
        }
        wire.send(server_, client_, {ack | psh, mss, server_.next, client_.next});
        if (turn % 500 == 100 && !lost_) {  // it was captured on its way out, and lost later
            lost_at_ = server_.next;
            lost_ = 3;
        }
        server_.next += mss;
    }

private:
    End client_, server_;
    int step_ = 0, lost_ = 0;
    std::uint32_t lost_at_ = 0;
};

}  // namespace

int main(int count, char** words) {
    if (count < 3) return std::fprintf(stderr, "usage: make_capture OUT PACKETS [STREAMS [resets]]\n"), 2;
    Writer out(words[1]);
    if (!out.good()) return std::perror(words[1]), 1;
    const std::uint64_t packets = std::strtoull(words[2], nullptr, 10);
    Wire wire(out);
    std::vector<Stream> streams;
    for (std::uint32_t i = 0; i < (count > 3 ? std::strtoul(words[3], nullptr, 10) : 8); ++i) streams.emplace_back(i);
    const bool resets = count > 4 && std::strcmp(words[4], "resets") == 0;
    constexpr std::uint32_t at_once = 500;
    std::uint32_t visits = 0;
    std::vector<Visit> open;
    for (; visits < at_once; ++visits) open.emplace_back(visits, resets);
    std::uint64_t chance = 88'172'645'463'325'252;  // xorshift
    while (out.written < packets) {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        wire.us += chance % 7;
        if (!streams.empty() && chance % 10 == 0) {
            streams[chance / 16 % streams.size()].step(wire);
            continue;
        }
        Visit& visit = open[chance / 16 % open.size()];
        if (!visit.step(wire)) visit = Visit(visits++, resets);
    }
    return out.close() ? 0 : (std::perror(words[1]), 1);
}
