"""Apache's workers all sit on idle keep-alive connections, and new visitors hang until they give up.

prefork with MaxRequestWorkers 2: two browsers got their answer and keep their connections open for KeepAliveTimeout. No process is left to
call accept(); the third client's handshake completes in the kernel and its request waits in the queue. Only the server is recorded.
"""

import http.client

import processes
import programs
import web_common
from judge import expected

SOURCE = "Apache httpd AH00161 'server reached MaxRequestWorkers setting'; hbz/oerworldmap #1913; GrahamDumpleton/mod_wsgi #935 on KeepAliveTimeout"
NEEDS = ("apache2", "curl")
RIGHT = [expected("hung-service", "local-application", mentions=["apache2"])]
ACCEPTABLE = []
BESIDE = [expected("server-silent", mentions=["apache2"])]


def scenario(lab):
    client, server = lab.pair()
    config = programs.write(lab, "apache.conf", f"""
ServerName test
Listen 0.0.0.0:8080
Listen [::]:8080
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
PidFile {lab.file('apache.pid')}
DefaultRuntimeDir {lab.folder}
ErrorLog {lab.file('apache.log')}
User www-data
Group www-data
DocumentRoot /usr/share/common-licenses
KeepAlive On
KeepAliveTimeout 30
ServerLimit 2
StartServers 2
MinSpareServers 1
MaxRequestWorkers 2
""")  # fmt: skip
    programs.start(lab, server, "apache2", "-f", config, "-DFOREGROUND", listens=8080)

    def browser():
        connection = http.client.HTTPConnection(lab.address(server), 8080)
        connection.request("GET", "/BSD")
        assert connection.getresponse().read()
        yield
        yield
        connection.close()

    with lab.record(server):
        for _ in range(2):
            client.start(browser)
        assert web_common.curl(lab, client, "-m", "9", web_common.url(lab, server, 8080, "/BSD")).returncode == 28
    processes.end_all()
