"""A host forgets an open connection (it rebooted, or its address moved to another host), and its listening socket answers the client's next
segment with RST.

The socket that answers is the listener, which has no part in the connection: the record must carry the segment's addresses and its
namespace, so that the RST can be told from one that the path made.
"""

import errno

import traffic

PORT = 5061


def scenario(lab):
    client, server = lab.pair()

    def forgetful():
        listener = traffic.listen(PORT, lab.family)
        yield
        connection, _ = listener.accept()
        traffic.forget(connection)
        yield

    def asking():
        connection = traffic.connect(lab.address(server), PORT)
        yield connection.getsockname()[1]
        connection.sendall(b"hello")
        yield traffic.error_of(connection.recv, 5)

    program = server.start(forgetful)
    with lab.record(client, server):
        asker = client.begin(asking)
        program.step()
        port = asker.await_step()
        assert asker.step() == errno.ECONNRESET

    (sent,) = lab.events(server, "reset_sent")
    assert (sent["network.local.port"], sent["network.peer.port"]) == (PORT, port), sent
    assert sent["answers_segment"] and not sent["has_socket"] and sent["segment_flags"] == "PSH-ACK", sent
    (listener,) = lab.connections(server, "listener")
    assert sent.get("listener_socket_cookie", listener["socket_cookie"]) == listener["socket_cookie"], (sent, listener)

    lab.expect("reset-received", certainty="proven", count=1, mentions=["does not know it"])
    lab.expect_nothing_else()
