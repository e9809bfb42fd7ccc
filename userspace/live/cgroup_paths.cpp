#include "live/cgroup_paths.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstring>

namespace tcpwitness {
namespace {

constexpr int kernfs_file_handle = 0xfe;  // FILEID_KERNFS: the handle is the node's id

}  // namespace

CgroupPaths::CgroupPaths() {
    const Fd context(fsopen("cgroup2", FSOPEN_CLOEXEC));
    if (context && fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0) {
        const Fd mount(fsmount(context.get(), FSMOUNT_CLOEXEC, 0));
        // what fsmount() gives is a path only (O_PATH), from which no handle is opened
        if (mount) root_ = Fd(openat(mount.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }
}

std::string CgroupPaths::path(std::uint64_t id) const {
    if (!root_ || id == 0) return {};
    alignas(file_handle) char room[sizeof(file_handle) + sizeof(id)];
    auto* handle = reinterpret_cast<file_handle*>(room);
    handle->handle_bytes = sizeof(id);
    handle->handle_type = kernfs_file_handle;
    std::memcpy(handle->f_handle, &id, sizeof(id));
    const Fd group(open_by_handle_at(root_.get(), handle, O_PATH | O_CLOEXEC));
    if (!group) return {};
    char target[PATH_MAX];
    const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(group.get())).c_str(), target, sizeof(target));
    return size > 0 && target[0] == '/' ? std::string(target, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace tcpwitness
