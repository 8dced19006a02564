"""wait_for_rpc.py SECONDS: waits until Neutron's RPC server listens to its queues.

An agent that calls before that loses the call, and sits its time-out of a minute out.
"""

import sys
import time

import kombu

QUEUES = ("q-plugin", "q-reports-plugin", "q-server-resource-versions")


def listened_to(connection, queue):
    return connection.channel().queue_declare(queue, passive=True).consumer_count > 0


end = time.monotonic() + float(sys.argv[1])
with kombu.Connection("amqp://guest:guest@127.0.0.1//") as connection:
    while True:
        try:
            if all(listened_to(connection, queue) for queue in QUEUES):
                break
        except Exception as error:  # a queue that is not there yet closes the channel
            if time.monotonic() > end:
                sys.exit(f"nobody listens to {', '.join(QUEUES)}: {error}")
        time.sleep(0.2)
