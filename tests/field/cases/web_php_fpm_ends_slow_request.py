"""nginx reports "recv() failed (104)" from PHP: php-fpm's master ends a worker that takes longer than request_terminate_timeout.

The worker is killed with bytes of its connection unread, so that its kernel resets it. Web server and PHP are on one host, which is recorded.
"""

import programs
import web_common
from judge import expected

SOURCE = "docker-library/php #1323; PHP's documentation of request_terminate_timeout"
NEEDS = ("php-fpm8.2", "nginx", "curl")
RIGHT = [expected("process-died", "local-application", at_least="likely", mentions=["php-fpm"])]
ACCEPTABLE = [[expected("reset-sent", "local-application", mentions=["php-fpm", "SIGTERM"])]]


def scenario(lab):
    client, server = lab.pair()
    programs.write(lab, "slow.php", "<?php $t = time(); while (time() - $t < 30) usleep(1000);")
    pool = programs.write(lab, "pool.conf", f"""
[global]
error_log = {lab.file("php.error.log")}
daemonize = no
[www]
user = root
group = root
listen = 127.0.0.1:9000
pm = static
pm.max_children = 2
request_terminate_timeout = 2s
""")  # fmt: skip
    programs.start(lab, server, "php-fpm8.2", "-R", "-F", "-y", pool, listens=9000)
    fastcgi = f"include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME {lab.file('slow.php')}; fastcgi_pass 127.0.0.1:9000;"
    web_common.nginx(lab, server, 8080, f"{web_common.listen(8080)} location / {{ {fastcgi} }}")
    with lab.record(server):
        assert web_common.curl(lab, client, web_common.url(lab, server, 8080)).stdout == "502"
