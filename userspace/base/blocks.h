// A row of things that grows and never moves what is in it, in memory that much of it can be visited at once.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace tcpwitness {

inline constexpr std::size_t huge_page = 2u << 20;

/// Asks for pages of 2 MB where whole ones fit in; else, and where the kernel has none, it stands on small ones.
inline void ask_for_huge_pages(void* memory, std::size_t bytes) {
    const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + huge_page - 1) / huge_page * huge_page;
    const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / huge_page * huge_page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

/// Large pieces stand on pages of 2 MB where the kernel has some: a look-up in a random place costs more for finding its page than for
/// reading it.
template <typename T>
struct HugePages {
    using value_type = T;

    HugePages() = default;
    template <typename U>
    HugePages(const HugePages<U>&) {}

    T* allocate(std::size_t count) {
        const std::size_t bytes = (count * sizeof(T) + huge_page - 1) / huge_page * huge_page;
        void* memory = std::aligned_alloc(huge_page, bytes);
        if (!memory) throw std::bad_alloc();
        ask_for_huge_pages(memory, bytes);
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }
    bool operator==(const HugePages&) const { return true; }
};

template <typename T>
class Blocks {
public:
    /// The largest power of two that a page holds.
    static constexpr std::size_t per_block = [] {
        std::size_t count = 1;
        while (count * 2 * sizeof(T) <= huge_page) count *= 2;
        return count;
    }();

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T& operator[](std::size_t index) { return blocks_[index / per_block][index % per_block]; }
    const T& operator[](std::size_t index) const { return blocks_[index / per_block][index % per_block]; }

    T& push_back(T value = {}) {
        if (size_ % per_block == 0 && size_ / per_block == blocks_.size()) blocks_.emplace_back().reserve(per_block);
        ++size_;
        return blocks_[(size_ - 1) / per_block].emplace_back(std::move(value));
    }
    /// Gives back the memory of one block, of which nothing is used any more.
    void drop_block(std::size_t block) { std::vector<T, HugePages<T>>{}.swap(blocks_[block]); }
    void clear() {
        blocks_.clear();
        size_ = 0;
    }

    template <typename Visit>
    void for_each(Visit visit) {
        for (std::size_t i = 0; i < size_; ++i) visit((*this)[i]);
    }

private:
    std::vector<std::vector<T, HugePages<T>>> blocks_;
    std::size_t size_ = 0;
};

}  // namespace tcpwitness
