#include "live/tracefs.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace tcpwitness {

Result<Tracefs> Tracefs::open() {
    const Fd context(fsopen("tracefs", FSOPEN_CLOEXEC));
    if (context && fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
        Fd root(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
        if (root) return Tracefs(std::move(root));
    }
    const int error = errno;
    for (const char* path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
        Fd root(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (root && faccessat(root.get(), "events/syscalls", F_OK, 0) == 0) return Tracefs(std::move(root));
    }
    return Error{std::string("tracefs cannot be opened: ") + std::strerror(error) + "; mount -t tracefs tracefs /sys/kernel/tracing"};
}

Result<std::uint64_t> Tracefs::event_id(const std::string& event) const {
    const std::string path = "events/" + event + "/id";
    const Fd file(openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return Error{"this kernel has no tracepoint " + event + ": " + std::strerror(errno)};
    char text[32];
    const ssize_t size = read(file.get(), text, sizeof(text));
    if (size > 0)
        if (const auto id = parse_number<std::uint64_t>(trim({text, static_cast<std::size_t>(size)}))) return *id;
    return Error{"the number of tracepoint " + event + " cannot be read"};
}

Result<Fd> Tracefs::open_event(const std::string& event) const {
    const auto id = event_id(event);
    if (!id) return id.error();
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_TRACEPOINT;
    attributes.size = sizeof(attributes);
    attributes.config = *id;
    Fd fd(static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC)));
    if (!fd) return Error{std::string("perf_event_open: ") + std::strerror(errno)};
    return fd;
}

}  // namespace tcpwitness
