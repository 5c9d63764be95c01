"""The service's command line: ``serve`` and ``migrate``."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence

import psycopg

from local_staging.faults.command_line import add_fault_option, with_faults
from local_staging.faults.model import Place
from local_staging.service.database import migrate
from local_staging.service.settings import ServiceSettings, database_url
from staging_validation.errors import ConfigurationError

_HOST = "127.0.0.1"
_GRACE_SECONDS = 2
_SWITCH_SECONDS = 0.0005
_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The command line; the process's own by default.

    Returns:
        0; 1 when the database does not answer; 2 when a setting is missing or wrong, or there is no such fault.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("stripe").setLevel(logging.WARNING)  # at INFO it has two lines for every request
    try:
        if options.command == "migrate":
            migrate(database_url(os.environ))
        else:
            settings = ServiceSettings.from_environ(os.environ)
            with with_faults(Place.SERVICE, options.faults):
                serve(settings, host=options.host, port=options.port)
    except ConfigurationError as error:
        _LOG.error("%s", error)
        return 2
    except psycopg.OperationalError as error:
        _LOG.error("The database does not answer: %s", error)
        return 1
    return 0


def serve(settings: ServiceSettings, *, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: The service's settings.
        host: The address to listen at.
        port: The TCP port.
    """
    import uvicorn

    # A scrape renders thousands of series; meanwhile a webhook must not wait 5 ms, Python's default, at every turn.
    sys.setswitchinterval(_SWITCH_SECONDS)

    from local_staging.service.app import create_app

    # The server ends in good order on SIGTERM and then raises it once more, for whoever listens: nobody.
    signal.signal(signal.SIGTERM, lambda *_: None)
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local_staging.service", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", help="create the tables that are missing")
    serving = commands.add_parser("serve", help="serve the HTTP API and process webhooks")
    serving.add_argument("--port", type=int, required=True, help="TCP port")
    serving.add_argument("--host", default=_HOST, help="address to listen at (default: %(default)s)")
    add_fault_option(serving)
    return parser


if __name__ == "__main__":
    sys.exit(main())
