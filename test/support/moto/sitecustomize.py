"""Read by the Python that runs moto_server: startMoto puts this directory on its path.

moto answers each request in a thread of its own and guards nothing: two conditional writes both find their
condition to hold, two receivers get one message, a send between the two halves of a delete is lost. None of that is
AWS. Python changes threads when one waits for the network, which moto does between requests only, and otherwise
every few milliseconds: without the latter a request is answered as a whole.

It also ends when the test that started it is gone, however that ended: then its standard input ends.
"""

import os
import sys
import threading

sys.setswitchinterval(3600)


def end_with_the_test() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


threading.Thread(target=end_with_the_test, daemon=True).start()

if "MOTO_STACK_SECONDS" in os.environ:
    import mended_stacks  # noqa: F401
