// A BPF map's memory, mapped into this process for as long as this lives.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

namespace tcpwitness {

class Mapping {
public:
    Mapping() = default;
    /// `bytes` are rounded up to pages, as the kernel does. Failed when data() is null; errno says why.
    Mapping(int fd, std::size_t bytes, int protection) {
        const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
        bytes_ = (bytes + page - 1) / page * page;
        void* mapped = mmap(nullptr, bytes_, protection, MAP_SHARED, fd, 0);
        data_ = mapped == MAP_FAILED ? nullptr : mapped;
    }
    Mapping(Mapping&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~Mapping() {
        if (data_) munmap(data_, bytes_);
    }

    void* data() const { return data_; }
    explicit operator bool() const { return data_; }

private:
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace tcpwitness
