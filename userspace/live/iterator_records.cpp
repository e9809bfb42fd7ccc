#include "live/iterator_records.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace tcpwitness {

bool for_each_record(const Fd& pass, const std::function<void(const tw_head&, const void* data)>& take) {
    std::string pending;
    char chunk[65536];
    while (true) {
        const ssize_t size = read(pass.get(), chunk, sizeof(chunk));
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (size <= 0) return true;
        pending.append(chunk, static_cast<std::size_t>(size));
        std::size_t at = 0;
        while (pending.size() - at >= sizeof(tw_head)) {
            tw_head head;
            std::memcpy(&head, pending.data() + at, sizeof(head));
            if (head.size < sizeof(head)) return false;
            if (pending.size() - at < head.size) break;
            take(head, pending.data() + at);
            at += head.size;
        }
        pending.erase(0, at);
    }
}

}  // namespace tcpwitness
