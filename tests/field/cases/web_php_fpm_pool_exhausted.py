"""nginx answers 504 because the only PHP-FPM child is busy and the pool's small listen queue is full.

pm.max_children is reached: nobody calls accept() while the child sleeps in a slow script. Further connections wait in the listen queue, then
handshakes are dropped. Only the PHP host is recorded.
"""

import web_common
from judge import expected

import programs

SOURCE = "php/php-src pull 731 (FPM_BACKLOG_DEFAULT); caddyserver/caddy #4025; 'server reached pm.max_children setting'"
NEEDS = ("nginx", "php-fpm8.2", "curl")
RIGHT = [expected(("hung-service", "accept-queue-overflow"), "local-application", mentions=["php-fpm"])]
ACCEPTABLE = []


def scenario(lab):
    client, proxy, php = lab.chain("client", "proxy", "php")
    script = programs.write(lab, "slow.php", "<?php sleep(30); echo 'done';")
    config = programs.write(lab, "fpm.conf", f"""
[global]
error_log = {lab.file('fpm.log')}
daemonize = no
[www]
user = www-data
listen = [::]:9000
listen.backlog = 2
pm = static
pm.max_children = 1
""")  # fmt: skip
    programs.start(lab, php, "php-fpm8.2", "-n", "-y", config, listens=9000)
    web_common.nginx(lab, proxy, 8080, f"""
        {web_common.listen(8080)}
        location / {{
          fastcgi_pass {web_common.bracketed(lab.address(php))}:9000; fastcgi_param SCRIPT_FILENAME {script}; fastcgi_param REQUEST_METHOD GET;
          fastcgi_connect_timeout 5s; fastcgi_read_timeout 9s;
        }}
    """)  # fmt: skip
    urls = [word for number in range(8) for word in ("-o", "/dev/null", f"http://{web_common.bracketed(lab.address(proxy))}:8080/{number}")]
    with lab.record(php):
        codes = programs.run(lab, client, "curl", "-s", "-Z", "-w", "%{http_code} ", *urls).stdout.split()
    assert codes == ["504"] * 8, codes


