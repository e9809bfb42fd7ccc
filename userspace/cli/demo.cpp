#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/demo_net.h"
#include "cli/file_sink.h"
#include "cli/output_options.h"
#include "cli/session.h"
#include "cli/trace_sink.h"
#include "correlate/correlator.h"
#include "parsers/byte_source.h"
#include "parsers/trace_decoder.h"
#include "sources/trace_writer.h"

namespace tcpwitness {
namespace {

struct Arguments {
    std::string file;
    OutputArguments output;
};

CommandLine command_line(Arguments& to) {
    return {"demo", "[-w FILE]",
            "Plays a case that two sides blame each other for, on this machine only: three network namespaces, edge, mid and fe. edge\n"
            "connects to fe's port 5061 and times out after 7 s; fe answers every SYN and is reset each time. Records it, and reports what\n"
            "happened. Nothing stays behind: the namespaces end with this command.",
            {{"Trace", {text('w', "write", "FILE", "keep the trace there", to.file)}}, output_options(to.output)},
            ""};
}

sockaddr_in endpoint(const char* address, std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    inet_pton(AF_INET, address, &to.sin_addr);
    return to;
}

int serve() {
    prctl(PR_SET_NAME, "frontend");
    const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in here = endpoint(DemoNet::fe_address, DemoNet::port);
    if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&here), sizeof(here)) != 0 || listen(listener.get(), 16) != 0) return 1;
    while (true) {
        const Fd connection(accept(listener.get(), nullptr, nullptr));
        if (!connection && errno != EINTR) return 1;
    }
}

int connect_once(const DemoHost& edge) {
    if (!edge.enter()) return 1;
    prctl(PR_SET_NAME, "edge-proxy");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Fd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in there = endpoint(DemoNet::fe_address, DemoNet::port);
    const int result = connect(socket_fd.get(), reinterpret_cast<const sockaddr*>(&there), sizeof(there));
    return result == 0 ? 0 : errno;
}

/// Bytes that are in memory already.
class MemorySource : public ByteSource {
public:
    explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}
    Result<std::size_t> read(void* buffer, std::size_t size) override {
        const std::size_t taken = std::min(size, bytes_.size());
        std::memcpy(buffer, bytes_.data(), taken);
        bytes_.remove_prefix(taken);
        return taken;
    }

private:
    std::string_view bytes_;
};

Result<std::string> record_case(const DemoNet& net, const std::vector<std::string>& words) {
    SessionSettings settings;
    settings.load.filter.netns = {net.edge.netns(), net.mid.netns(), net.fe.netns()};
    settings.namespace_names = net.names();
    settings.own_command = true;
    auto client = Child::prepare([&] { return connect_once(net.edge); });
    if (!client) return client.error();
    auto session = RecordingSession::open(settings, std::move(*client));
    if (!session) return session.error();
    const auto server = net.fe.spawn(serve);  // dies with its namespace's keeper at the end, at the latest with this program
    if (!server) return server.error();

    std::string trace;
    const Metadata metadata = session->metadata("demo", words);
    TraceSink sink(metadata, session->boot_to_wall_ns(metadata), [&](std::string_view bytes) {
        trace += bytes;
        return success();
    });
    const auto outcome = session->run(sink, fmt::format("edge ({}) connects to fe ({}) port {}, and gives up in about 7 s", DemoNet::edge_address,
                                                        DemoNet::fe_address, DemoNet::port));
    kill(*server, SIGKILL);
    (void)sink.flush();
    session->summarise(false);
    if (!outcome) return outcome.error();
    if (outcome->interrupted) return Error{"interrupted; nothing stays behind"};
    if (outcome->exit_code == 0) return Error{"the demo's connect succeeded; this host's netfilter did not take the rule in mid"};
    fmt::print(stderr, "edge's connect() ended with {} ({})\n\n", errno_name(outcome->exit_code), std::strerror(outcome->exit_code));
    return trace;
}

}  // namespace

int run_demo(const std::vector<std::string>& words) {
    Arguments arguments;
    const auto operands = parse(command_line(arguments), words);
    if (!operands) return complain(operands.error().message, exit_usage);
    if (operands->help_shown) return exit_done;
    if (const auto given = operands->all(); !given.empty()) return complain(unexpected_operand("demo", given[0]), exit_usage);
    const Output* output = find_output(arguments.output.format);
    if (!output) return complain(unknown_format(arguments.output.format), exit_usage);
    signal(SIGPIPE, SIG_IGN);
    auto sink = FileSink::open(arguments.output.file, arguments.output.force);
    if (!sink) return complain(sink.error().message);
    std::optional<TraceWriter> writer;
    if (!arguments.file.empty()) {
        auto opened = TraceWriter::open(arguments.file, arguments.output.force);
        if (!opened) return complain(opened.error().message);
        writer.emplace(std::move(*opened));
    }

    const auto give_up = [&](const Error& error) {
        if (writer) writer->discard();
        return complain(error.message);
    };
    const auto net = DemoNet::build();
    if (!net) return give_up(net.error());
    const auto trace = record_case(*net, words);
    if (!trace) return give_up(trace.error());
    if (writer) {
        if (const Status written = writer->write(*trace); !written) return complain(written.error().message);
        if (const Status closed = writer->close(); !closed) return complain(closed.error().message);
    }
    MemorySource source(*trace);
    auto decoded = decode_trace(source);
    if (!decoded) return complain(decoded.error().message);
    const Story story = correlate(decoded->info, std::move(decoded->events));
    output->write(story, judge(story), to_output_options(arguments.output), *sink);
    if (const Status written = sink->commit(); !written) return complain(written.error().message);
    if (writer) fmt::print(stderr, "\nthe trace is in {}; tcpwitness report and Wireshark read it\n", printable(arguments.file));
    return exit_done;
}

}  // namespace tcpwitness
