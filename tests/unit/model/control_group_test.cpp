#include "model/control_group.h"

#include <catch2/catch.hpp>

using namespace tcpwitness;

namespace {
const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
}

TEST_CASE("a control group's path names the container and who runs it") {
    CHECK(control_group("/system.slice/docker-" + id + ".scope").runtime == "docker");
    CHECK(control_group("/docker/" + id).runtime == "docker");
    CHECK(control_group("/docker/" + id).container_id == id);
    CHECK(control_group("/machine.slice/libpod-" + id + ".scope/container").runtime == "podman");
    const ControlGroup pod = control_group("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0a1b2c3d_0000_1111_2222_333344445555.slice/cri-containerd-" + id + ".scope");
    CHECK(pod.runtime == "containerd");
    CHECK(pod.container_id == id);
    CHECK(pod.pod_uid == "0a1b2c3d-0000-1111-2222-333344445555");
    const ControlGroup plain = control_group("/kubepods/besteffort/pod0a1b2c3d-0000-1111-2222-333344445555/" + id);
    CHECK(plain.container_id == id);
    CHECK(plain.runtime.empty());
    CHECK(plain.pod_uid == pod.pod_uid);
    CHECK(control_group("/kubepods.slice/crio-" + id + ".scope").runtime == "cri-o");
}

TEST_CASE("a service is told, and nothing is made of other paths") {
    CHECK(control_group("/system.slice/nginx.service").unit == "nginx.service");
    CHECK(control_group("/system.slice/nginx.service").container_id.empty());
    for (const char* path : {"", "/", "/user.slice/user-0.slice/session-1.scope", "/docker", "/x/crio-conmon-0123.scope"})
        CHECK(control_group(path).container_id.empty());
}
