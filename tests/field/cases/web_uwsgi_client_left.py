"""uWSGI logs 'OSError: write error' and a reset connection: nginx had closed it, because the visitor did not wait for the answer.

The visitor gives up after a second, nginx notes 499 and closes its connection to uWSGI too. The application knows nothing of it; when it writes
its answer three seconds later, nginx's kernel answers with RST. Only the uWSGI host is recorded.
"""

import programs
import web_common
from judge import expected

SOURCE = "zulip/zulip pull 15990; unbit/uwsgi #375 and #1623: SIGPIPE and OSError when the client closes"
NEEDS = ("nginx", "uwsgi", "curl")
RIGHT = [expected("reset-received", ("peer-application", "peer-host"), at_most="likely", mentions=["uwsgi"])]
ACCEPTABLE = []

APPLICATION = """
import time
def application(environ, start_response):
    time.sleep(3)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    for _ in range(20):
        yield b'x' * 10000
        time.sleep(0.02)
"""


def scenario(lab):
    client, proxy, application = lab.chain("client", "proxy", "application")
    path = programs.write(lab, "application.py", APPLICATION)
    programs.start(
        lab, application, "uwsgi", "--plugins", "python3", "--master", "--processes", "1", "--socket", "[::]:3031", "--wsgi-file", path, listens=3031
    )
    web_common.nginx(lab, proxy, 8080, f"""
        {web_common.listen(8080)}
        location / {{
          uwsgi_pass {web_common.bracketed(lab.address(application))}:3031;
          uwsgi_param REQUEST_METHOD GET; uwsgi_param PATH_INFO /; uwsgi_param SERVER_NAME test; uwsgi_param SERVER_PORT 80;
          uwsgi_param QUERY_STRING ""; uwsgi_param SERVER_PROTOCOL HTTP/1.1;
        }}
    """)  # fmt: skip
    with lab.record(application):
        assert web_common.curl(lab, client, "-m", "1", web_common.url(lab, proxy, 8080)).returncode == 28
        web_common.until(lambda: "write error" in open(lab.file("uwsgi.log")).read())
