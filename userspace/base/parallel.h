#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace tcpwitness {

/// Processors that a task of ours may keep busy at once: it may share them with what is being looked into.
inline std::size_t spare_processors() {
    constexpr unsigned most = 4;
    return std::clamp(std::thread::hardware_concurrency(), 1u, most);
}

/// `work(i)` for each i below `count`, by as many threads at once, this one among them; back when all are done. What one threw is thrown.
template <typename Work>
void in_parallel(std::size_t count, std::size_t threads, Work work) {
    std::vector<std::exception_ptr> thrown(count);
    std::atomic<std::size_t> next = 0;
    const auto take = [&] {
        for (std::size_t i; (i = next++) < count;) {
            try {
                work(i);
            } catch (...) {
                thrown[i] = std::current_exception();
            }
        }
    };
    {
        std::vector<std::jthread> others;
        while (others.size() + 1 < std::min(threads, count)) others.emplace_back(take);
        take();
    }
    for (const std::exception_ptr& one : thrown)
        if (one) std::rethrow_exception(one);
}

}  // namespace tcpwitness
