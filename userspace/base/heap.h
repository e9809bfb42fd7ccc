// For a program that is about to allocate very much in small pieces.
#pragma once

#include <malloc.h>
#include <unistd.h>

#include "base/blocks.h"

namespace tcpwitness {

/// While it lives, the main thread's heap grows in steps of 32 MB, which look() puts on pages of 2 MB: visiting a gigabyte of small pages for the
/// first time takes longer than filling them. What is not used of a step costs addresses, no memory.
class HeapOfHugePages {
public:
    HeapOfHugePages() : end_(static_cast<char*>(sbrk(0))) { mallopt(M_TOP_PAD, step); }
    ~HeapOfHugePages() { mallopt(M_TOP_PAD, usual_step); }
    HeapOfHugePages(const HeapOfHugePages&) = delete;
    HeapOfHugePages& operator=(const HeapOfHugePages&) = delete;

    /// Cheap enough for every turn of a loop that allocates.
    void look() {
        char* const now = static_cast<char*>(sbrk(0));
        if (now > end_) ask_for_huge_pages(end_, static_cast<std::size_t>(now - end_));
        end_ = now;
    }

private:
    static constexpr int step = 32 << 20, usual_step = 128 << 10;

    char* end_;  ///< of the heap, as of the last look
};

}  // namespace tcpwitness
