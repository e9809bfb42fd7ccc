// What a control group's path says about the container or the service that it is.
#pragma once

#include <string>
#include <string_view>

namespace tcpwitness {

/// Each empty where the path does not tell it.
struct ControlGroup {
    std::string container_id;  ///< 64 hexadecimal digits
    std::string runtime;       ///< "docker", "containerd", "cri-o", "podman"
    std::string pod_uid;       ///< Kubernetes
    std::string unit;          ///< systemd's: "nginx.service"
};

ControlGroup control_group(std::string_view path);

/// As `docker ps` and `systemctl` show it: "docker:0123456789ab", "nginx.service"; empty where it is neither container nor service.
std::string short_name(const ControlGroup&);

}  // namespace tcpwitness
