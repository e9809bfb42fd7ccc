#include "parsers/joined_captures.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace tcpwitness {

namespace {

class JoinedCaptures : public CaptureReader {
public:
    explicit JoinedCaptures(std::vector<CapturePartFile> parts) : parts_(std::move(parts)), first_frames_(parts_.size(), 0) {}

    Result<bool> next(CapturedPacket& to) override {
        for (; at_ < parts_.size(); ++at_, numbers_.clear()) {
            const auto more = part().next(to);
            if (!more) return more.context(parts_[at_].name);
            if (!*more) {
                read_ += part().offset();
                if (cut_note_.empty() && !part().cut_note().empty()) cut_note_ = parts_[at_].name + ": " + part().cut_note();
                continue;
            }
            if (first_frames_[at_] == 0) {
                first_frames_[at_] = frames_ + 1;
                before_ = frames_;
            }
            frames_ = to.frame += before_;
            to.interface = number_of(to.interface);
            return true;
        }
        return false;
    }

    const std::vector<CaptureInterface>& interfaces() const override { return interfaces_; }
    const std::string& cut_note() const override { return cut_note_; }
    std::uint64_t offset() const override { return read_ + (at_ < parts_.size() ? parts_[at_].reader->offset() : 0); }
    std::string software() const override { return parts_.front().reader->software(); }
    std::string hostname() const override { return parts_.front().reader->hostname(); }
    std::vector<std::string> damage() const override {
        std::vector<std::string> all;
        for (const CapturePartFile& part : parts_)
            for (const std::string& place : part.reader->damage()) all.push_back(part.name + ": " + place);
        return all;
    }
    std::vector<std::string> notes() const override {
        std::vector<std::string> all;
        for (std::size_t i = 1; i < parts_.size(); ++i)
            all.push_back(first_frames_[i] ? fmt::format("{} goes on where {} ends: one capture, and its frame 1 is frame {} here", parts_[i].name, parts_[i - 1].name, first_frames_[i])
                                           : fmt::format("{} goes on where {} ends: one capture", parts_[i].name, parts_[i - 1].name));
        return all;
    }

private:
    CaptureReader& part() { return *parts_[at_].reader; }

    /// Of the current part's interface among all.
    std::uint32_t number_of(std::uint32_t own) {
        const auto& theirs = part().interfaces();
        while (numbers_.size() < theirs.size()) {
            const CaptureInterface& one = theirs[numbers_.size()];
            const auto known = std::find_if(interfaces_.begin(), interfaces_.end(), [&](const CaptureInterface& other) {
                return other.link_type == one.link_type && other.name == one.name && other.description == one.description;
            });
            numbers_.push_back(static_cast<std::uint32_t>(known - interfaces_.begin()));
            if (known == interfaces_.end()) interfaces_.push_back(one);
        }
        return own < numbers_.size() ? numbers_[own] : own;
    }

    std::vector<CapturePartFile> parts_;
    std::vector<std::uint64_t> first_frames_;
    std::size_t at_ = 0;
    std::vector<CaptureInterface> interfaces_;
    std::vector<std::uint32_t> numbers_;  ///< [interface of the current part]
    std::uint64_t frames_ = 0, before_ = 0, read_ = 0;
    std::string cut_note_;
};

}  // namespace

std::unique_ptr<CaptureReader> join_captures(std::vector<CapturePartFile> parts) {
    if (parts.size() == 1) return std::move(parts.front().reader);
    return std::make_unique<JoinedCaptures>(std::move(parts));
}

}  // namespace tcpwitness
