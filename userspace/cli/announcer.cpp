#include "cli/announcer.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace tcpwitness {
namespace {

std::string key_of(const Finding& finding) {
    const bool alone = finding.fold_key.empty() && !finding.connections.empty();
    return finding.rule + '\0' + (alone ? std::to_string(finding.connections.front()) : finding.fold_key);
}

std::uint32_t bit(Culprit culprit) { return 1u << static_cast<unsigned>(culprit); }

/// The headline of one time.
std::string headline_once(const Finding& finding) { return finding.headline.substr(repeats_text(finding).size()); }

}  // namespace

std::vector<Finding> Announcer::due(std::span<const Finding> findings, std::uint64_t now_ns) { return say(findings, now_ns, false); }

std::vector<Finding> Announcer::last(std::span<const Finding> findings) { return say(findings, UINT64_MAX, true); }

std::vector<Finding> Announcer::say(std::span<const Finding> findings, std::uint64_t now_ns, bool end) {
    look_again_ns_ = UINT64_MAX;
    std::vector<Finding> out;
    for (const Matter& matter : matters(findings, now_ns)) tell(matter, now_ns, end, out);
    std::erase_if(said_, [&](const auto& entry) { return entry.second.seen_ns + remember_ns < now_ns; });
    return out;
}

void Announcer::rebase(std::span<const Finding> findings, std::uint64_t now_ns) {
    for (auto& [key, said] : said_) said.forgotten = said.count;
    for (const Matter& matter : matters(findings, now_ns))
        if (const auto said = said_.find(matter.key); said != said_.end())
            said->second.forgotten -= std::min(matter.count, said->second.forgotten);
}

/// Those that have settled.
std::vector<Announcer::Matter> Announcer::matters(std::span<const Finding> findings, std::uint64_t now_ns) {
    std::vector<Matter> all;
    std::unordered_map<std::string, std::size_t> places;
    for (const Finding& finding : findings) {
        if (finding.first_ns + settle_ns > now_ns) {
            look_again_ns_ = std::min(look_again_ns_, finding.first_ns + settle_ns);
            continue;
        }
        std::string key = key_of(finding);
        const auto [place, fresh] = places.emplace(key, all.size());
        if (fresh) all.push_back({std::move(key), {}, 0});
        Matter& matter = all[place->second];
        matter.findings.push_back(&finding);
        matter.count += finding.count;
    }
    return all;
}

Announcer::Said* Announcer::remember(const std::string& key, std::uint64_t now_ns) {
    const auto known = said_.find(key);
    if (known != said_.end()) return &known->second;
    if (said_.size() >= most_remembered) {
        // those that the story holds no more give way; while it holds them all, forgetting one would mean to say it again and again
        std::erase_if(said_, [&](const auto& entry) { return entry.second.seen_ns + settle_ns < now_ns; });
        if (said_.size() >= most_remembered) {
            overwhelmed_ = true;
            return nullptr;
        }
    }
    return &said_[key];
}

void Announcer::tell(const Matter& matter, std::uint64_t now_ns, bool end, std::vector<Finding>& out) {
    Said* said = remember(matter.key, now_ns);
    if (!said) return;
    said->seen_ns = now_ns;
    said->count = said->forgotten + matter.count;

    const bool first = said->told_count == 0;
    const auto news = [&](const Finding& f) { return first || f.certainty > said->certainty || !(said->culprits & bit(f.culprit)); };
    const auto rank = [&](const Finding* f) { return std::tuple(news(*f), f->certainty, f->last_ns); };
    const Finding& speaker = **std::max_element(matter.findings.begin(), matter.findings.end(),
                                                [&](const Finding* a, const Finding* b) { return rank(a) < rank(b); });
    const std::string headline = headline_once(speaker);
    const std::size_t words = std::hash<std::string>{}(headline);
    if (!news(speaker)) {
        const bool goes_on = speaker.last_ns > said->told_last_ns && words != said->told_headline;
        if (said->count <= said->told_count && !goes_on) return;
        if (!end && now_ns - said->told_ns < repeat_every_ns) {
            look_again_ns_ = std::min(look_again_ns_, said->told_ns + repeat_every_ns);
            return;
        }
    }
    if (first) ++different_;
    Finding line = speaker;
    line.count = first || !news(speaker) ? said->count : speaker.count;
    line.headline = line.count < 2 ? headline : fmt::format("so far {} times: {}", line.count, headline);
    said->told_count = said->count;
    said->told_ns = now_ns;
    said->told_last_ns = speaker.last_ns;
    said->told_headline = words;
    for (const Finding* finding : matter.findings) {
        said->culprits |= bit(finding->culprit);
        said->certainty = std::max(said->certainty, finding->certainty);
    }
    out.push_back(std::move(line));
}

}  // namespace tcpwitness
