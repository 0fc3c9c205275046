"""Try it on the loopback interface: `python -m examples.acme2certifier --help`.

Plain HTTP, one request after the other: for a test. In earnest a WSGI server behind TLS runs
`examples.acme2certifier.wsgi:application`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from wsgiref.simple_server import make_server


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser("python -m examples.acme2certifier", description=__doc__)
    parser.add_argument("configuration", type=Path, help="acme_srv.cfg")
    parser.add_argument("--port", type=int, default=8080, help="0: one that is free")
    arguments = parser.parse_args()
    # acme2certifier reads its configuration as soon as it is imported.
    os.environ["ACME_SRV_CONFIGFILE"] = str(arguments.configuration.resolve())
    from examples.acme2certifier.wsgi import application

    with make_server("127.0.0.1", arguments.port, application) as server:
        print(f"the directory is http://127.0.0.1:{server.server_port}/directory", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
