"""Uploads over slow lines end with a reset: Apache's mod_reqtimeout does not wait that long for the body.

The client sends its upload slowly but steadily. Apache answers 408 after RequestReadTimeout, reads on for a moment, and closes; what the client sends
after that is answered with RST. Only the server is recorded.
"""

import time

import programs
import traffic
import web_common
from judge import expected

SOURCE = "nextcloud/all-in-one #8457; blueimp/jQuery-File-Upload #3684; owncloud/core #14603: mod_reqtimeout and slow uploads"
NEEDS = ("apache2",)
RIGHT = [expected("reset-sent", "local-application", mentions=["apache2"])]
ACCEPTABLE = []


def scenario(lab):
    client, server = lab.pair()
    config = programs.write(lab, "apache.conf", f"""
ServerName test
Listen 0.0.0.0:8080
Listen [::]:8080
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule reqtimeout_module /usr/lib/apache2/modules/mod_reqtimeout.so
RequestReadTimeout body=2
PidFile {lab.file('apache.pid')}
DefaultRuntimeDir {lab.folder}
ErrorLog {lab.file('apache.log')}
User www-data
Group www-data
DocumentRoot /usr/share/common-licenses
""")  # fmt: skip
    programs.start(lab, server, "apache2", "-f", config, "-DFOREGROUND", listens=8080)

    def uploader():
        connection = traffic.connect(lab.address(server), 8080)
        connection.sendall(b"POST /BSD HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(200):
            try:
                connection.sendall(b"x" * 500)
            except OSError:
                return "reset"
            time.sleep(0.2)

    with lab.record(server):
        assert client.run(uploader) == "reset"
