#pragma once

#include <atomic>
#include <thread>

namespace tcpwitness {

/// Shows every user of the host that this process takes in packets now, from the first record that is kept to the last: a thread that
/// sleeps, whose name stands in /proc/PID/task/*/comm. That a process is there says less: attaching and detaching take their time.
class Beacon {
public:
    static constexpr const char* thread_name = "tcpwitness-on";  // at most 15 characters

    Beacon();
    ~Beacon();
    Beacon(const Beacon&) = delete;

private:
    std::atomic<bool> over_ = false;
    std::thread thread_;  ///< last: begins when all else is there
};

}  // namespace tcpwitness
