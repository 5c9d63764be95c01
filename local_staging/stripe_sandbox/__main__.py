"""Start the sandbox: ``python -m local_staging.stripe_sandbox --port P --webhook-url URL``."""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence

from aiohttp import web

from local_staging.faults.command_line import add_fault_option, with_faults
from local_staging.faults.model import Place
from local_staging.stripe_sandbox.app import Options, create_app
from local_staging.stripe_sandbox.rate_limit import STRIPE_PER_SECOND
from local_staging.stripe_sandbox.settings import AFTER_RETRIES, Dunning, Settings
from local_staging.stripe_sandbox.webhooks import Endpoint, Retries
from staging_validation.errors import ConfigurationError

SECRET_VARIABLE = "STRIPE_SANDBOX_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable, not its value
DEFAULT_PRO_PRICE_ID = "price_local_pro"
SHUTDOWN_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        arguments: Command line arguments; those of the process by default.

    Returns:
        The exit status: 0 after a signal, 2 when the options are wrong.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    dunning = Dunning(options.dunning_days, options.dunning_end)
    retries = Retries(attempts=options.webhook_attempts, first_seconds=options.webhook_first_retry_seconds)
    chosen = Options(
        endpoint=_endpoint(parser, options, os.environ),
        retries=retries,
        settings=Settings(dunning=dunning),
        per_second=options.rate_limit,
    )
    app = create_app(pro_price_id=options.pro_price_id, options=chosen)
    try:
        with with_faults(Place.SANDBOX, options.faults):
            web.run_app(
                app,
                host=options.host,
                port=options.port,
                access_log=None,
                print=None,
                shutdown_timeout=SHUTDOWN_SECONDS,
            )
    except ConfigurationError as error:
        parser.error(str(error))
    return 0


def _parser() -> argparse.ArgumentParser:
    retries, dunning = Retries(), Dunning()
    parser = argparse.ArgumentParser(
        prog="python -m local_staging.stripe_sandbox",
        description="A small stateful Stripe in test mode; everything it holds ends with the process.",
        epilog=f"The signing secret of the webhooks (whsec_…) is read from {SECRET_VARIABLE}.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on")
    parser.add_argument("--webhook-url", type=_url, help="where events are posted; without it none are")
    parser.add_argument(
        "--pro-price-id",
        type=_price_id,
        default=DEFAULT_PRO_PRICE_ID,
        help="id of the Pro price that exists at the start (default: %(default)s)",
    )
    parser.add_argument(
        "--webhook-attempts",
        type=_at_least_one,
        default=retries.attempts,
        help="the most attempts for one event (default: %(default)s)",
    )
    parser.add_argument(
        "--webhook-first-retry-seconds",
        type=float,
        default=retries.first_seconds,
        help="pause before the second attempt; each further one is twice as long (default: %(default)s)",
    )
    parser.add_argument(
        "--rate-limit",
        type=_at_least_one,
        metavar="PER_SECOND",
        help=f"answer no more requests a second, the others with 429 (default: no limit; Stripe's own is "
        f"{STRIPE_PER_SECOND})",
    )
    parser.add_argument(
        "--dunning-days",
        type=_days,
        default=dunning.retry_days,
        metavar="DAYS",
        help="days between the attempts to collect a renewal, as in 3,5,7 (the default)",
    )
    parser.add_argument(
        "--dunning-end",
        choices=AFTER_RETRIES,
        default=dunning.then,
        help="what a subscription becomes after the last attempt (default: %(default)s)",
    )
    add_fault_option(parser)
    return parser


def _endpoint(
    parser: argparse.ArgumentParser, options: argparse.Namespace, environment: Mapping[str, str]
) -> Endpoint | None:
    if options.webhook_url is None:
        return None
    secret = environment.get(SECRET_VARIABLE, "")
    if not secret.startswith("whsec_"):
        parser.error(
            f"{SECRET_VARIABLE} must hold the webhooks' signing secret (whsec_…) when --webhook-url is given."
        )
    return Endpoint(options.webhook_url, secret)


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://\S+", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no address (http://… or https://…)")
    return text


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not 1 or more")
    return int(text)


def _days(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"'{text}' is no list of days (3,5,7)")
    return tuple(int(part) for part in parts)


def _price_id(text: str) -> str:
    if not re.fullmatch(r"price_[A-Za-z0-9_]+", text):
        raise argparse.ArgumentTypeError(f"'{text}' is no price id (price_…)")
    return text


if __name__ == "__main__":
    sys.exit(main())
