#include "live/loader.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>

#include "base/text.h"
#include "live/drop_reasons.h"
#include "live/field_needs.h"
#include "live/fitness.h"
#include "live/kept_packets.h"
#include "live/kernel_filter.h"
#include "live/tracefs.h"
#include "tcpwitness.skel.h"

namespace tcpwitness {

struct LoadedProbes::Skeleton {
    tcpwitness_bpf* bpf = nullptr;
    ~Skeleton() { tcpwitness_bpf__destroy(bpf); }
};

LoadedProbes::LoadedProbes() : skeleton_(std::make_unique<Skeleton>()) {}
LoadedProbes::LoadedProbes(LoadedProbes&&) noexcept = default;
LoadedProbes& LoadedProbes::operator=(LoadedProbes&&) noexcept = default;
LoadedProbes::~LoadedProbes() { detach(); }

namespace {

/// What libbpf has to say while one load runs. libbpf has one log function per process.
std::string load_log;

int keep_log(libbpf_print_level level, const char* format, va_list arguments) {
    if (level == LIBBPF_DEBUG) return 0;
    char line[16384];
    const int size = std::vsnprintf(line, sizeof(line), format, arguments);
    if (size > 0 && load_log.size() < (1 << 20)) load_log += line;
    return size;
}

/// The program that the log of a failed load names, and why it failed.
std::optional<std::pair<std::string, std::string>> failed_program(std::string_view log) {
    const auto at = log.find("': failed to load: ");
    if (at == std::string_view::npos) return std::nullopt;
    const auto quote = log.rfind('\'', at - 1);
    if (quote == std::string_view::npos) return std::nullopt;
    const std::string name(log.substr(quote + 1, at - quote - 1));
    // the verifier's last words come before its summary line
    std::string why = "the kernel's verifier refuses it";
    const auto summary = log.rfind("\nprocessed ");
    if (summary != std::string_view::npos) {
        const auto line = log.rfind('\n', summary - 1);
        if (line != std::string_view::npos) why += ": " + printable(trim(log.substr(line + 1, summary - line - 1)));
    }
    return std::pair{name, why};
}

}  // namespace

/// One attempt after the other, each without the programs that made the last one fail.
class Loader {
public:
    Loader(const Kernel& kernel, const LoadOptions& options) : kernel_(kernel), options_(options) {}

    Result<LoadedProbes> run() {
        decide_by_btf();
        const auto previous = libbpf_set_print(keep_log);
        for (std::size_t attempt = 0; attempt < 32; ++attempt) {
            load_log.clear();
            LoadedProbes loaded;
            const int error = load_once(loaded);
            if (error == 0) {
                libbpf_set_print(previous);
                attach(loaded);
                loaded.started_ns_ = boot_clock_ns();
                std::atomic_ref<std::uint32_t>(loaded.skeleton_->bpf->bss->recording).store(1);
                return loaded;
            }
            const auto failed = failed_program(load_log);
            if (!failed || refused_.contains(failed->first)) {
                libbpf_set_print(previous);
                return Error{reason_for(error)};
            }
            const auto needs = own_field_needs().find(failed->first);
            const std::string missing = needs == own_field_needs().end() ? "" : why_field_missing(kernel_, needs->second);
            refused_.emplace(failed->first, missing.empty() ? failed->second : missing);
        }
        libbpf_set_print(previous);
        return Error{"the kernel refuses every program"};
    }

private:
    /// Leaves out what the running kernel has no hook for, before the verifier sees it.
    void decide_by_btf() {
        const std::string no_functions = kernel_.why_no_function_programs();
        for (const Probe& row : probes()) {
            for (std::size_t i = 0; i < row.programs.size(); ++i)
                if (std::string why = why_unfit(kernel_, row, i); !why.empty())
                    refused_.emplace(row.programs[i], std::move(why));
                else if (row.hook == Hook::function && !no_functions.empty())
                    refused_.emplace(row.programs[i], no_functions);
            if (row.stand_in && refused_.contains(row.programs.front())) refused_.emplace(row.stand_in, refused_.at(row.programs.front()));
        }
        const auto timers = Kernel::symbols({"tcp_write_timer", "tcp_keepalive_timer"});
        write_timer_ = timers[0];
        keepalive_timer_ = timers[1];
        if (!write_timer_)
            for (const char* program : {"on_timer_armed", "on_timer_fired"})
                refused_.emplace(program, "/proc/kallsyms hides the address of tcp_write_timer; sysctl kernel.kptr_restrict=1 shows it to root");
    }

    int load_once(LoadedProbes& loaded) {
        tcpwitness_bpf* bpf = tcpwitness_bpf__open();
        if (!bpf) return -errno;
        loaded.skeleton_->bpf = bpf;
        bpf_program* program = nullptr;
        bpf_object__for_each_program(program, bpf->obj) {
            const std::string name = bpf_program__name(program);
            bpf_program__set_autoload(program, !refused_.contains(name));
        }
        const int cpus = libbpf_num_possible_cpus();
        loaded.reset_reasons_told_ = tells_reset_reasons(kernel_);
        loaded.cpus_ = cpus > 0 ? static_cast<unsigned>(cpus) : 1;
        loaded.rings_ = ring_layout(options_.buffer_bytes, static_cast<unsigned>(get_nprocs_conf()));
        bpf_map__set_max_entries(bpf->maps.rings, loaded.rings_.count * loaded.rings_.chunks);
        bpf_map__set_max_entries(bpf->maps.rings_taken, loaded.rings_.count);
        bpf_map__set_max_entries(bpf->maps.counters, loaded.cpus_);
        loaded.kept_sets_ = kept_sets(options_.buffer_bytes);
        bpf_map__set_max_entries(bpf->maps.kept_sets, loaded.kept_sets_);
        const bool by_task = options_.filter.by_task();
        bpf_map__set_max_entries(bpf->maps.chosen, by_task ? options_.max_connections : 1);
        bpf_map__set_max_entries(bpf->maps.chosen_flows, by_task && options_.segments ? options_.max_connections : 1);
        fill_options(*reinterpret_cast<tw_options*>(const_cast<void*>(static_cast<volatile void*>(&bpf->rodata->options))), loaded);
        return tcpwitness_bpf__load(bpf);
    }

    /// `units` / `parts`, << 20, rounded up.
    static std::uint32_t scaled(std::uint64_t units, std::uint64_t parts) {
        parts = std::max<std::uint64_t>(parts, 1);
        return static_cast<std::uint32_t>(((units << 20) + parts - 1) / parts);
    }

    void fill_options(tw_options& to, const LoadedProbes& loaded) const {
        to.write_timer = write_timer_;
        to.keepalive_timer = keepalive_timer_;
        std::random_device random;
        to.secret = static_cast<std::uint64_t>(random()) << 32 | random();
        to.rings = loaded.rings_.count;
        to.ring_chunks = loaded.rings_.chunks;
        to.ring_bytes = loaded.rings_.bytes();
        to.wake_bytes = to.ring_bytes / 4;
        to.hz = kernel_.hz();
        to.jiffy_ms = scaled(1000, to.hz);
        to.jiffy_s = scaled(1, to.hz);
        to.self_pid = static_cast<std::uint32_t>(getpid());
        to.retransmit_error = tells_retransmit_error(kernel_);
        to.reset_reason = loaded.reset_reasons_told_;
        to.segments = options_.segments;
        to.plain_loads = kernel_.plain_loads();
        to.nf_hook_slow = Kernel::symbol("nf_hook_slow");
        to.drop_socket = tells_drop_socket(kernel_);
        to.kept_sets = loaded.kept_sets_;
        const auto reasons = drop_reasons(kernel_);
        std::ranges::copy(harmless_drops(reasons), to.harmless_drops);
        to.netfilter_drop = drop_reason_number(reasons, "NETFILTER_DROP");
        to.no_route_drop = drop_reason_number(reasons, "IP_OUTNOROUTES");
        to.no_reason_drop = drop_reason_number(reasons, "NOT_SPECIFIED");
        to.inet6_csk_xmit = Kernel::symbol("inet6_csk_xmit");
        to.nf_queue = Kernel::symbol("nf_queue");
        to.filter = kernel_filter(options_.filter);
    }

    void attach(LoadedProbes& loaded) {
        auto tracefs = Tracefs::open();
        for (const Probe& row : probes()) {
            ProbeState state{&row, ProbeState::Status::attached, {}};
            std::size_t done = 0;
            for (const char* name : row.programs) {
                std::string why;
                if (const auto refused = refused_.find(name); refused != refused_.end())
                    why = refused->second;
                else if (!row.on_demand || options_.attach_all)
                    why = attach_program(loaded, row, name, tracefs);
                if (why.empty())
                    ++done;
                else if (state.why.empty())
                    state.why = std::move(why);
            }
            // behind the first, or it would take everything
            if (row.stand_in && done) loaded.stand_in(true);
            if (done < row.programs.size()) state.status = done ? ProbeState::Status::partial : ProbeState::Status::unavailable;
            loaded.states_.push_back(std::move(state));
        }
    }

    /// Empty when attached, else why not.
    std::string attach_program(LoadedProbes& loaded, const Probe& row, const char* name, const Result<Tracefs>& tracefs) {
        bpf_program* program = bpf_object__find_program_by_name(loaded.skeleton_->bpf->obj, name);
        LinkHandle link;
        if (row.hook == Hook::syscall_tracepoint) {
            if (!tracefs) return tracefs.error().message;
            const std::string section = bpf_program__section_name(program);
            auto event = tracefs->open_event(section.substr(section.find('/') + 1));
            if (!event) return event.error().message;
            link.reset(bpf_program__attach_perf_event(program, event->get()));
            if (link) event->release();  // the link closes it
        } else {
            link.reset(bpf_program__attach(program));
        }
        if (!link) return std::string("attaching failed: ") + std::strerror(errno);
        loaded.links_.push_back(std::move(link));
        return {};
    }

    static std::string reason_for(int error) {
        if (error == -EPERM) {
            std::string missing;
            for (const std::string& name : missing_capabilities()) missing += (missing.empty() ? "" : ", ") + name;
            return missing.empty() ? "the kernel refuses BPF programs (lockdown, or a container without the right); run tcpwitness doctor"
                                   : "not permitted: missing " + missing + "; run as root";
        }
        return std::string("BPF programs cannot be loaded: ") + std::strerror(-error);
    }

    const Kernel& kernel_;
    const LoadOptions& options_;
    std::map<std::string, std::string> refused_;  ///< program -> why
    std::uint64_t write_timer_ = 0, keepalive_timer_ = 0;
};

Result<LoadedProbes> LoadedProbes::load(const Kernel& kernel, const LoadOptions& options) { return Loader(kernel, options).run(); }

bool LoadedProbes::main_job_possible() const {
    return std::all_of(states_.begin(), states_.end(), [](const ProbeState& state) { return state.usable() || !state.probe->essential; });
}

RingFds LoadedProbes::ring_fds() const {
    const auto& maps = skeleton_->bpf->maps;
    return {bpf_map__fd(maps.rings), bpf_map__fd(maps.rings_taken), bpf_map__fd(maps.counters), bpf_map__fd(maps.wake)};
}
int LoadedProbes::held_fd() const { return bpf_map__fd(skeleton_->bpf->maps.held); }
int LoadedProbes::kept_fd() const { return bpf_map__fd(skeleton_->bpf->maps.kept_sets); }
bool LoadedProbes::kept_any() const { return skeleton_->bpf->bss->kept_last != 0; }
int LoadedProbes::pending_calls_fd() const { return bpf_map__fd(skeleton_->bpf->maps.pending_calls); }

Result<Fd> LoadedProbes::snapshot(tw_probe iterator) const {
    const Probe* row = tcpwitness::probe(iterator);
    const bpf_program* program = bpf_object__find_program_by_name(skeleton_->bpf->obj, row->programs.front());
    bpf_link* link = bpf_program__attach_iter(program, nullptr);
    if (!link) return Error{hook_text(*row) + ": " + std::strerror(errno)};
    const LinkHandle owned(link);
    Fd fd(bpf_iter_create(bpf_link__fd(link)));
    if (!fd) return Error{hook_text(*row) + ": " + std::strerror(errno)};
    return fd;
}

std::uint64_t LoadedProbes::left_out(const char* program_name) const {
    const bpf_program* program = bpf_object__find_program_by_name(skeleton_->bpf->obj, program_name);
    const int fd = program ? bpf_program__fd(program) : -1;
    bpf_prog_info info{};
    std::uint32_t size = sizeof(info);
    return fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size) == 0 ? info.recursion_misses : 0;
}

void LoadedProbes::note_route_lookups() {
    if (links_.empty()) return;  // all is detached, or about to be
    for (const ProbeState& state : states_) {
        if (!state.probe->on_demand || !state.usable()) continue;
        LinkHandle link(bpf_program__attach(bpf_object__find_program_by_name(skeleton_->bpf->obj, state.probe->programs.front())));
        if (link) on_demand_.emplace(state.probe->number, std::move(link));
    }
}

tw_own_lookup LoadedProbes::own_failed_lookup() {
    return std::exchange(skeleton_->bpf->bss->own_lookup, {});
}

std::vector<std::uint64_t> LoadedProbes::missed() const {
    std::vector<std::uint64_t> counts(TW_PROBES);
    for (const ProbeState& state : states_) counts[state.probe->number] += missed(state.probe->number);
    return counts;
}

std::uint64_t LoadedProbes::missed(tw_probe number) const {
    const Probe& row = *probe(number);
    if (row.on_demand) return 0;
    if (row.stand_in && stand_in_) return covered_from_ - covered_;
    std::uint64_t count = 0;
    for (const char* name : row.programs) count += left_out(name);
    return row.stand_in ? count - covered_ : count;
}

void LoadedProbes::stand_in(bool wanted) {
    wanted = wanted && !links_.empty();  // without its first it would tell everything
    if (wanted == (stand_in_ != nullptr) || stand_in_fails_) return;
    const Probe& row = *probe(TW_PROBE_STATE);
    if (!wanted) {
        covered_ += left_out(row.programs.front()) - covered_from_;
        stand_in_.reset();
        return;
    }
    stand_in_.reset(bpf_program__attach(bpf_object__find_program_by_name(skeleton_->bpf->obj, row.stand_in)));
    stand_in_fails_ = !stand_in_;
    covered_from_ = left_out(row.programs.front());
}

std::uint64_t LoadedProbes::stop() {
    const std::uint64_t now = boot_clock_ns();
    std::atomic_ref<std::uint32_t>(skeleton_->bpf->bss->recording).store(0);
    return now;
}

void LoadedProbes::detach() {
    while (!links_.empty()) links_.pop_back();
    on_demand_.clear();   // what notes something goes after those that tell it
    stand_in(false);
}

}  // namespace tcpwitness
