// Connection churn on loopback: connect, accept, 2 bytes, RST close. What the recorder's cost is measured with.
//
//   churn [--seconds S] [--workers N]
//
// A worker is both ends in one thread, so that the figure measures the kernel's work and not the scheduler's. Closing with
// linger 0 leaves no TIME_WAIT behind, so ports come back at once. Prints connections per second, and nothing else.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Options {
    double seconds = 3;
    unsigned workers = 1;
};

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "churn: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

void close_with_reset(int fd) {
    const linger now{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

/// A listener on a loopback address of its own: 28,000 ephemeral ports for each worker.
struct Listener {
    int fd = -1;
    sockaddr_in address{};

    explicit Listener(unsigned worker) {
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(0x7f000101 + worker);  // 127.0.1.1, 127.0.1.2, ...
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t length = sizeof address;
        if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || listen(fd, 4096) != 0 ||
            getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
            die("listen");
        }
    }
    ~Listener() { close(fd); }
};

/// The client's half up to its 2 bytes; -1 when the ports have run out for the moment.
int open_client(const Listener& listener) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        die("socket");
    }
    while (connect(fd, reinterpret_cast<const sockaddr*>(&listener.address), sizeof listener.address) != 0) {
        if (errno == EADDRNOTAVAIL) {
            close(fd);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return -1;
        }
        if (errno != EINTR) {
            die("connect");
        }
    }
    if (send(fd, "hi", 2, MSG_NOSIGNAL) != 2) {
        die("send");
    }
    return fd;
}

/// The rest of one connection: the client resets, the server reads what came and closes.
void serve_and_reset(const Listener& listener, int client) {
    const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) {
        die("accept");
    }
    char bytes[2];
    (void)!recv(fd, bytes, sizeof bytes, 0);
    close_with_reset(client);
    close(fd);
}

std::uint64_t work(unsigned worker, Clock::time_point end) {
    const Listener listener(worker);
    std::uint64_t connections = 0;
    while (Clock::now() < end) {
        const int client = open_client(listener);
        if (client >= 0) {
            serve_and_reset(listener, client);
            ++connections;
        }
    }
    return connections;
}

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--seconds" && i + 1 < argc) {
            options.seconds = std::atof(argv[++i]);
        } else if (word == "--workers" && i + 1 < argc) {
            options.workers = static_cast<unsigned>(std::atoi(argv[++i]));
        } else {
            return false;
        }
    }
    return options.seconds > 0 && options.workers > 0 && options.workers < 200;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        std::fputs("usage: churn [--seconds S] [--workers N]\n", stderr);
        return 2;
    }
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds));
    std::vector<std::uint64_t> counts(options.workers);
    std::vector<std::thread> threads;
    for (unsigned worker = 0; worker < options.workers; ++worker) {
        threads.emplace_back([&, worker] { counts[worker] = work(worker, end); });
    }
    std::uint64_t connections = 0;
    for (unsigned worker = 0; worker < options.workers; ++worker) {
        threads[worker].join();
        connections += counts[worker];
    }
    std::printf("%.0f\n", static_cast<double>(connections) / std::chrono::duration<double>(Clock::now() - begin).count());
}
