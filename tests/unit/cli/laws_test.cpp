// The laws of judging hold for every file that the tests have: samples of texts, and what the fuzzers begin with.
#include <catch2/catch.hpp>

#include <filesystem>

#include "case/case_story.h"
#include "support/laws.h"
#include "support/tests_folder.h"

using namespace tcpwitness;

namespace {

std::vector<std::string> files_below(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tests_folder() + "/" + folder))
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

/// How many of the files could be read as evidence.
std::size_t obey(const std::vector<std::string>& files) {
    std::size_t read = 0;
    for (const std::string& file : files) {
        auto exhibits = read_exhibits(file, ExhibitOptions{});
        if (!exhibits) continue;
        ++read;
        const Story story = story_of(std::move(*exhibits));
        for (const std::string& breach : law_breaches(story)) FAIL_CHECK(file << ": " << breach);
    }
    return read;
}

}  // namespace

TEST_CASE("the laws hold for the samples") { CHECK(obey(files_below("samples")) >= 3); }

TEST_CASE("the laws hold for what the fuzzers begin with") { CHECK(obey(files_below("fuzz/corpus")) >= 10); }

TEST_CASE("two files of one kind obey as one case, too") {
    std::vector<Exhibit> all;
    for (const std::string& file : files_below("fuzz/corpus/capture"))
        if (auto exhibits = read_exhibits(file, ExhibitOptions{}))
            for (Exhibit& one : *exhibits) all.push_back(std::move(one));
    REQUIRE(all.size() >= 2);
    for (const std::string& breach : law_breaches(story_of(std::move(all)))) FAIL_CHECK(breach);
}
