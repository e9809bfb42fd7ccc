"""All pages are "502 Bad Gateway" after PHP moved to a host of its own: listen.allowed_clients still names only 127.0.0.1.

php-fpm accepts the web server's connection and closes it at once: with the request unread, so that it is reset, or in good order before the request has come.
Web server and PHP's host are recorded.
"""

import programs
import web_common
from judge import NONE, expected

SOURCE = "iredmail/iRedMail #12, adoy/PHP-FastCGI-Client #13 (listen.allowed_clients)"
NEEDS = ("php-fpm8.2", "nginx", "curl")
RIGHT = [expected("reset-sent", "local-application", at_least="likely", mentions=["php-fpm"])]
ACCEPTABLE = [NONE]  # where php-fpm was faster than the request each time


def scenario(lab):
    client, web, php = lab.chain("client", "web", "php")
    pool = programs.write(lab, "pool.conf", f"""
[global]
error_log = {lab.file("php.error.log")}
daemonize = no
[www]
user = root
group = root
listen = 9000
listen.allowed_clients = 127.0.0.1
pm = static
pm.max_children = 2
""")  # fmt: skip
    programs.start(lab, php, "php-fpm8.2", "-R", "-F", "-y", pool, listens=9000)
    fastcgi = f"include /etc/nginx/fastcgi_params; fastcgi_param SCRIPT_FILENAME /index.php; fastcgi_pass {web_common.bracketed(lab.address(php))}:9000;"
    web_common.nginx(lab, web, 8080, f"{web_common.listen(8080)} location / {{ {fastcgi} }}")
    with lab.record(web, php):
        for _ in range(3):
            assert web_common.curl(lab, client, web_common.url(lab, web, 8080)).stdout == "502"
