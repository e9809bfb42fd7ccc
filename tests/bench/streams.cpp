// Long-lived streams: bulk transfer, or small requests and answers one after the other.
//
//   streams [--mode bulk|ping] [--streams N] [--seconds S] [--address A] [--client-netns NAME] [--server-netns NAME]
//
// bulk prints bytes per second and the processor seconds that a gigabyte cost, both ends and the kernel's work for them; each stream has a
// processor to itself, because where the scheduler puts four threads makes a figure half as large again from one run to the next. ping prints
// requests per second, and the median and 99th percentile of their times in microseconds; its two ends run on a processor each.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "load.h"

namespace {

using Clock = std::chrono::steady_clock;
using load::check;

constexpr std::size_t chunk = 128 * 1024, request = 64;

struct Stream {
    int client = -1, server = -1;
};

/// Sockets belong to the namespace in which they were made: each side's are made by a thread that went there.
std::vector<Stream> open_streams(const load::Options& options, int count) {
    std::vector<Stream> streams(static_cast<std::size_t>(count));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    check(inet_pton(AF_INET, options.text("address").c_str(), &address.sin_addr) == 1, "address");
    int listener = -1;
    std::thread([&] {
        load::enter(options.text("server-netns"));
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t length = sizeof address;
        check(listener >= 0 && bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(listener, count) == 0 &&
                  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0,
              "listen");
    }).join();
    std::thread([&] {
        load::enter(options.text("client-netns"));
        for (Stream& one : streams) {
            one.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            const int on = 1;
            setsockopt(one.client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            check(one.client >= 0 && connect(one.client, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
            one.server = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            check(one.server >= 0, "accept");
        }
    }).join();
    close(listener);
    return streams;
}

double processor_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// On the n-th processor that this process may use, where it has so many: whether two ends share one makes more of a difference than all else.
void stay_on(int n) {
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) <= n) return;
    int cpu = 0;
    for (int left = n; left >= 0; ++cpu)
        if (CPU_ISSET(cpu, &allowed)) --left;
    CPU_ZERO(&one);
    CPU_SET(cpu - 1, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
}

void bulk(const std::vector<Stream>& streams, double duration) {
    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> bytes = 0;
    const auto began = Clock::now();
    const double processor = processor_seconds();
    std::vector<std::thread> threads;
    for (int number = 0; const Stream& one : streams) {
        const int cpu = number++;
        threads.emplace_back([&, one, cpu] {
            stay_on(cpu);
            const std::vector<char> data(chunk);
            while (!stop && send(one.client, data.data(), data.size(), MSG_NOSIGNAL) > 0) {}
            shutdown(one.client, SHUT_WR);
        });
        threads.emplace_back([&, one, cpu] {
            stay_on(cpu);
            std::vector<char> data(chunk);
            for (ssize_t size; (size = recv(one.server, data.data(), data.size(), 0)) > 0;) bytes += static_cast<std::uint64_t>(size);
        });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(duration));
    stop = true;
    for (std::thread& thread : threads) thread.join();
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    const double gigabytes = static_cast<double>(bytes) / 1e9;
    std::printf("%.0f %.4f\n", static_cast<double>(bytes) / seconds, (processor_seconds() - processor) / gigabytes);
}

bool exchange(int from, int to, char* data) {
    return send(from, data, request, MSG_NOSIGNAL) == request && recv(to, data, request, MSG_WAITALL) == request;
}

void ping(const std::vector<Stream>& streams, double duration) {
    const Stream one = streams.front();
    std::vector<float> times;
    times.reserve(4'000'000);
    std::thread server([&] {
        stay_on(1);
        char data[request];
        while (recv(one.server, data, request, MSG_WAITALL) == request && send(one.server, data, request, MSG_NOSIGNAL) == request) {}
    });
    stay_on(0);
    const auto end = Clock::now() + std::chrono::duration<double>(duration);
    const auto began = Clock::now();
    auto last = began;
    char data[request] = {};
    while (last < end) {
        check(exchange(one.client, one.client, data), "exchange");
        const auto now = Clock::now();
        times.push_back(std::chrono::duration<float, std::micro>(now - last).count());
        last = now;
    }
    shutdown(one.client, SHUT_RDWR);
    server.join();
    std::sort(times.begin(), times.end());
    std::printf("%.0f %.2f %.2f\n", static_cast<double>(times.size()) / std::chrono::duration<double>(last - began).count(), times[times.size() / 2],
                times[times.size() * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
    const load::Options options(argc, argv, {{"mode", "bulk"}, {"streams", "2"}, {"seconds", "3"}, {"address", "127.0.0.1"}, {"client-netns", ""}, {"server-netns", ""}});
    const bool is_ping = options.text("mode") == "ping";
    const auto streams = open_streams(options, is_ping ? 1 : static_cast<int>(options.number("streams")));
    is_ping ? ping(streams, options.number("seconds")) : bulk(streams, options.number("seconds"));
    for (const Stream& one : streams) {
        close(one.client);
        close(one.server);
    }
}
