"""Healthy: long polls that are answered after eight seconds, and a stream of server-sent events with a heartbeat every two.

Nothing is stuck: the server answers when it has something to say, the clients wait on purpose and get what they wait for. All segments are recorded.
"""

import http.client

import web_common
from judge import expected

SOURCE = "haproxy/haproxy #1505 (server-sent events); slact/nchan #346 (long-poll and websocket subscribers); long polling of chat servers"
NEEDS = ("node",)
RIGHT = []
ACCEPTABLE = [[expected("server-silent", "peer-application", at_most="possible")]]

SERVER = """
require('http').createServer((request, answer) => {
  if (request.url === '/poll') { setTimeout(() => answer.end('news\\n'), 8000); return; }
  answer.writeHead(200, {'Content-Type': 'text/event-stream'});
  let beats = 0;
  const timer = setInterval(() => { answer.write(':\\n\\n'); if (++beats === 5) { clearInterval(timer); answer.end(); } }, 2000);
}).listen(8080, '::');
"""


def scenario(lab):
    client, server = lab.pair()
    web_common.node(lab, server, 8080, SERVER)

    def asking(path, rounds):
        connection = http.client.HTTPConnection(lab.address(server), 8080)
        for _ in range(rounds):
            connection.request("GET", path)
            assert connection.getresponse().read()
        connection.close()

    with lab.record(client, server, options=("--port", "8080", "--segments")):
        both = [client.begin(asking, "/poll", 2), client.begin(asking, "/events", 1)]
        for one in both:
            one.await_step()
