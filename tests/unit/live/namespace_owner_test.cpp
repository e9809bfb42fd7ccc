// How a namespace without a name is called.
#include <catch2/catch.hpp>

#include <unistd.h>

#include "live/namespace_owner.h"
#include "live/namespaces.h"

using namespace tcpwitness;

TEST_CASE("a namespace without a name is called after its container, its unit, or its first process") {
    const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    CHECK(namespace_owner_text("nginx", 12, "/system.slice/docker-" + id + ".scope") == "docker:0123456789ab (nginx)");
    CHECK(namespace_owner_text("nginx", 12, "/kubepods/besteffort/pod0/" + id) == "container:0123456789ab (nginx)");
    CHECK(namespace_owner_text("nginx", 12, "/system.slice/nginx.service") == "nginx.service");
    CHECK(namespace_owner_text("nginx", 12, "/user.slice") == "netns of nginx[12]");
    CHECK(namespace_owner_text("nginx", 12, "") == "netns of nginx[12]");
}

TEST_CASE("the first process in a namespace is found; of none nothing is said") {
    CHECK_FALSE(namespace_owner(namespace_inum("/proc/self/ns/net")).empty());
    CHECK(namespace_owner(1).empty());
}
