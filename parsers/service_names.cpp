#include "parsers/service_names.h"

#include <algorithm>

#include "parsers/windows_values.h"

namespace tcpwitness {

namespace {

struct Service {
    std::string_view name;
    std::uint16_t port;
};

/// In order of the names. As /etc/services and IANA's registry have them, which is where tcpdump and Wireshark take them from.
constexpr Service services[] = {
        {"afpovertcp", 548}, {"afs3-callback", 7001}, {"afs3-fileserver", 7000}, {"amqp", 5672}, {"amqps", 5671}, {"asf-rmcp", 623}, {"auth", 113},
        {"bgmp", 264}, {"bgp", 179}, {"bitcoin", 8333}, {"bmc-perf-sd", 10128}, {"bootps", 67}, {"cfdptkt", 120}, {"chargen", 19},
        {"cisco-sccp", 2000}, {"cmd", 514}, {"commplex-link", 5001}, {"commplex-main", 5000}, {"cslistener", 9000}, {"cvspserver", 2401},
        {"daytime", 13}, {"diameter", 3868}, {"discard", 9}, {"distinct", 9999}, {"dnp", 20000}, {"docker", 2375}, {"docker-s", 2376}, {"domain", 53},
        {"domain-s", 853}, {"echo", 7}, {"epmap", 135}, {"epmd", 4369}, {"etcd-client", 2379}, {"etcd-server", 2380}, {"exec", 512},
        {"filenet-tms", 32768}, {"finger", 79}, {"fmpro-internal", 5003}, {"ftp", 21}, {"ftp-data", 20}, {"ftps", 990}, {"ftps-data", 989},
        {"gds-db", 3050}, {"git", 9418}, {"gopher", 70}, {"hbci", 3000}, {"hostmon", 5355}, {"hpvmmdata", 1126}, {"http", 80}, {"http-alt", 8080},
        {"http-mgmt", 280}, {"http-proxy", 8080}, {"http-rpc-epmap", 593}, {"https", 443}, {"https-alt", 8443}, {"iax", 4569}, {"ibm-mqisdp", 1883},
        {"icpv2", 3130}, {"ident", 113}, {"igmpv3lite", 465}, {"imap", 143}, {"imap2", 143}, {"imap3", 220}, {"imaps", 993}, {"ingreslock", 1524},
        {"ipp", 631}, {"irc", 194}, {"ircd", 6667}, {"irdmi", 8000}, {"isakmp", 500}, {"iscsi", 860}, {"iscsi-target", 3260}, {"isns", 3205},
        {"jabber-client", 5222}, {"jabber-server", 5269}, {"jdbc", 1521}, {"kerberos", 88}, {"kerberos-adm", 749}, {"kerberos-sec", 88},
        {"klogin", 543}, {"kpasswd", 464}, {"kshell", 544}, {"l2tp", 1701}, {"ldap", 389}, {"ldap-admin", 3407}, {"ldaps", 636}, {"llmnr", 5355},
        {"lmtp", 24}, {"loc-srv", 135}, {"login", 513}, {"lotusnote", 1352}, {"lpd", 515}, {"m2ua", 2904}, {"mdns", 5353}, {"memcache", 11211},
        {"microsoft-ds", 445}, {"mns-mail", 593}, {"mongodb", 27017}, {"mountd", 20048}, {"mqtt", 1883}, {"ms-olap4", 2383}, {"ms-sql-m", 1434},
        {"ms-sql-s", 1433}, {"ms-wbt-server", 3389}, {"msft-gc", 3268}, {"msft-gc-ssl", 3269}, {"mysql", 3306}, {"mysql-cluster", 1186},
        {"mysqlx", 33060}, {"nbsession", 139}, {"ncp", 524}, {"ncube-lm", 1521}, {"ndmp", 10000}, {"netbios-dgm", 138}, {"netbios-ns", 137},
        {"netbios-ssn", 139}, {"netport-id", 3129}, {"nfs", 2049}, {"nfsd-status", 1110}, {"nicname", 43}, {"nntp", 119}, {"nntps", 563},
        {"ntp", 123}, {"nut", 3493}, {"oob-ws-http", 623}, {"openvpn", 1194}, {"opsession-prxy", 3307}, {"oracle", 1521}, {"pcanywheredata", 5631},
        {"pop2", 109}, {"pop3", 110}, {"pop3s", 995}, {"portmapper", 111}, {"postgres", 5432}, {"postgresql", 5432}, {"postgresql-s", 5433},
        {"ppp", 3000}, {"pptp", 1723}, {"printer", 515}, {"qotd", 17}, {"radius", 1812}, {"redis", 6379}, {"remoteware-cl", 3000}, {"rfb", 5900},
        {"rmiregistry", 1099}, {"rndc", 953}, {"rpc", 111}, {"rsync", 873}, {"rtmp", 1935}, {"rtsp", 554}, {"sane-port", 6566}, {"secure-mqtt", 8883},
        {"shell", 514}, {"sieve", 4190}, {"sip", 5060}, {"sip-tls", 5061}, {"slp", 427}, {"smtp", 25}, {"smtps", 465}, {"snapenetio", 22000},
        {"snet-sensor-mgmt", 10000}, {"snmp", 161}, {"snmptrap", 162}, {"snpp", 444}, {"socks", 1080}, {"squid", 3128}, {"ssh", 22}, {"ssmtp", 465},
        {"submission", 587}, {"sun-sr-https", 6443}, {"sunrpc", 111}, {"svn", 3690}, {"svrloc", 427}, {"syslog", 514}, {"systat", 11}, {"tacacs", 49},
        {"telnet", 23}, {"telnets", 992}, {"time", 37}, {"tungsten-https", 9443}, {"us-cli", 8082}, {"vnc-server", 5900}, {"vrml-multi-use", 4200},
        {"webcache", 8080}, {"webmin", 10000}, {"websm", 9090}, {"whois", 43}, {"wins", 1512}, {"wsman", 5985}, {"wsmans", 5986}, {"www", 80},
        {"www-http", 80}, {"x11", 6000}, {"x11-ssh-offset", 6010}, {"xmpp-client", 5222}, {"xmpp-server", 5269}, {"zabbix-agent", 10050},
        {"zabbix-trapper", 10051}, {"zookeeper", 2181},
};

constexpr bool in_order() {
    for (std::size_t i = 1; i < std::size(services); ++i)
        if (!(services[i - 1].name < services[i].name)) return false;
    return true;
}
static_assert(in_order());

constexpr std::uint16_t first_stand_in = 64512;

/// RFC 6335 (5.1) has 15 characters; older names are longer.
bool is_name(std::string_view word) {
    constexpr std::size_t longest = 32;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return word.size() >= 2 && word.size() <= longest && std::any_of(word.begin(), word.end(), letter) &&
           std::all_of(word.begin(), word.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '+' || c == '/'; });
}

}  // namespace

std::optional<std::uint16_t> ServiceNames::port(std::string_view word) {
    if (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        const auto value = windows::number(word);
        return value && *value > 0 && *value <= 65535 ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
    }
    if (const auto open = word.find('('); open != std::string_view::npos && word.ends_with(')')) return port(word.substr(open + 1, word.size() - open - 2));
    const auto known = std::lower_bound(std::begin(services), std::end(services), word, [](const Service& row, std::string_view name) { return row.name < name; });
    if (known != std::end(services) && known->name == word) return known->port;
    if (!is_name(word)) return std::nullopt;
    if (const auto given = unknown_.find(word); given != unknown_.end()) return given->second;
    if (unknown_.size() >= 65535 - first_stand_in) return std::nullopt;
    return unknown_.emplace(word, static_cast<std::uint16_t>(first_stand_in + unknown_.size())).first->second;
}

}  // namespace tcpwitness
