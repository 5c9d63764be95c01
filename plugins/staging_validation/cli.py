"""``staging-validation``: the command line.

Exit status: 0 everything passed, 1 a check failed, 2 something could not be checked or started, 3 the guard
refused, 4 a crash of our own; 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from staging_validation.errors import StagingValidationError
from staging_validation.results.outcomes import CRASH_EXIT_STATUS, Outcome

DEFAULT_DAG = "staging_nightly"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments; those of the process by default.

    Returns:
        The exit status, see the module's documentation.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.command(arguments))
    except StagingValidationError as error:
        # Nothing was found out about staging: whatever the error would mean for a check, here it is an obstacle.
        refused = error.outcome is Outcome.REFUSED
        sys.stderr.write(f"staging-validation: {error}\n")
        return Outcome.REFUSED.exit_status if refused else Outcome.ERRORED.exit_status
    except Exception:  # noqa: BLE001 - the one boundary: what gets here is a bug of ours, and exits as one
        traceback.print_exc()
        sys.stderr.write("staging-validation: this is a bug of staging-validation, please report it\n")
        return CRASH_EXIT_STATUS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="staging-validation",
        description="Validates a billing staging environment; run locally it brings its own.",
        epilog="Exit status: 0 passed, 1 failed, 2 errored, 3 refused, 4 a bug of this program, 130 interrupted.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="start the local staging and Airflow, run a DAG, print its results")
    run.add_argument("--dag", default=DEFAULT_DAG, help=f"the DAG to run (default: {DEFAULT_DAG})")
    run.add_argument("--conf", type=_json_object, default={}, metavar="JSON", help="the run's parameters")
    run.add_argument("--keep", action="store_true", help="leave everything running afterwards, as `up` does")
    run.set_defaults(command=_run)
    up = commands.add_parser("up", help="start the local staging and Airflow and leave them running")
    up.set_defaults(command=_up)
    down = commands.add_parser("down", help="end what `up` (or a killed run) left running")
    down.set_defaults(command=_down)
    _add_environment_commands(commands)
    _add_doctor_command(commands)
    _add_reset_command(commands)
    _add_catalogue_command(commands)
    _add_lint_command(commands)
    return parser


def _add_environment_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    show = commands.add_parser(
        "guard", help="ask every source whether this is production, and print what it says"
    )
    show.add_argument("--json", action="store_true", help="print the results as JSON")
    show.set_defaults(command=_guard)
    mark = commands.add_parser("mark", help="mark the database of staging_postgres with its environment")
    mark.add_argument("--environment", required=True, help="its name, for example staging")
    mark.add_argument("--reason", required=True, help="why it may be called so; kept with the marker")
    mark.add_argument("--by", help="who says so (default: this user and machine)")
    mark.set_defaults(command=_mark)


def _add_doctor_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "doctor", help="look at every connection; say what is missing, and how to set it"
    )
    command.add_argument(
        "connections", nargs="*", metavar="CONNECTION", help="look only at these (default: at all)"
    )
    command.add_argument(
        "--local", action="store_true", help="the connections of the local stack that `up` left running"
    )
    command.add_argument("--json", action="store_true", help="print the results as JSON")
    command.set_defaults(command=_doctor)


def _add_reset_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser(
        "reset", help="put staging's data back to the known test customers, all or nothing"
    )
    command.add_argument(
        "--plan", action="store_true", help="only say what would be deleted; nothing is changed"
    )
    command.add_argument(
        "--max-customers", type=int, default=1000, help="refuse to delete more test customers (default: 1000)"
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(command=_reset)


def _add_catalogue_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("catalogue", help="print the reference page of the metric catalogue")
    command.add_argument("--write", type=Path, metavar="FILE", help="write it to a file instead")
    command.add_argument(
        "--schema", action="store_true", help="the JSON Schema of a catalogue file instead of the page"
    )
    command.set_defaults(command=_catalogue)


def _add_lint_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = commands.add_parser("lint", help="check dashboards and rule files without running a query")
    command.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files, or folders of them")
    command.add_argument(
        "--catalogue",
        metavar="SOURCE",
        help="where the metrics are known from: a catalogue, a file with an exposition, or a Prometheus' address",
    )
    command.add_argument("--format", choices=("text", "json", "junit", "sarif"), default="text")
    command.add_argument(
        "--target-grafana", metavar="VERSION", help="the Grafana that they are for (default: 13.0)"
    )
    command.add_argument("--scrape-interval", metavar="DURATION", help="how often is scraped (default: 15s)")
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="default: the nearest .staging-validation-lint.yaml, from the first path upwards",
    )
    command.add_argument("--list-rules", action="store_true", help="print the index of the rules instead")
    command.set_defaults(command=_lint)


# Each command is imported when it runs: `lint` shall not wait for what the others need.


def _run(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import local

    return local.run(given.dag, given.conf, keep=given.keep)


def _up(_given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import local

    return local.up()


def _down(_given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import local

    return local.down()


def _guard(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import guard

    return guard.show_guard(as_json=given.json)


def _mark(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import guard

    return guard.mark(given.environment, reason=given.reason, marked_by=given.by)


def _doctor(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import doctor

    return doctor.doctor(only=given.connections, as_json=given.json, local=given.local)


def _reset(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import reset

    return reset.reset(plan=given.plan, max_customers=given.max_customers, as_json=given.json)


def _catalogue(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import catalogue

    return catalogue.catalogue(schema=given.schema, write=given.write)


def _lint(given: argparse.Namespace) -> int:
    from staging_validation.cli_commands import lint

    if given.list_rules:
        return lint.list_rules()
    return lint.lint_files(
        lint.Options(
            given.paths,
            given.catalogue,
            given.format,
            given.target_grafana,
            given.scrape_interval,
            given.config,
        )
    )


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise argparse.ArgumentTypeError(
            f"no valid JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        ) from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError('the parameters are a JSON object, for example {"key": "value"}')
    return value


if __name__ == "__main__":
    sys.exit(main())
