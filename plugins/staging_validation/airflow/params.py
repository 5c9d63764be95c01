"""The params of the DAGs: what the form in the UI offers, with types, defaults and descriptions."""

from __future__ import annotations

from airflow.sdk import Param


def reset_params() -> dict[str, Param]:
    """Return the params of the reset."""
    return {
        "max_customers": Param(
            1000,
            type="integer",
            minimum=1,
            title="Most customers to delete",
            description="The reset refuses, and changes nothing, when it would delete more test customers than this.",
        )
    }


def plan_params() -> dict[str, Param]:
    """Return the param that turns a reset into its plan."""
    return {
        "plan_only": Param(
            default=False,
            type="boolean",
            title="Only the plan",
            description="Say which rows the reset would delete, table by table, and change nothing.",
        )
    }


def telemetry_params() -> dict[str, Param]:
    """Return the params of the emission."""
    return {
        "visible_within_seconds": Param(
            30,
            type="number",
            exclusiveMinimum=0,
            maximum=600,
            title="Longest wait for a pushed series (seconds)",
            description="Emission fails when Prometheus does not show a pushed series within this time.",
        ),
        "steps": Param(
            3,
            type="integer",
            minimum=1,
            maximum=10,
            title="Steps in which the values are pushed",
            description="Each step adds a share of the values and is seen in a query before the next, so that rates "
            "have a shape.",
        ),
    }


def dashboard_params() -> dict[str, Param]:
    """Return the params of the dashboards' validation."""
    return {"dashboards": _names("Dashboards", "include/dashboards", ".json")}


def billing_params() -> dict[str, Param]:
    """Return the params of the billing workflows."""
    return {"workflows": _names("Workflows", "include/workflows", ".py")}


def load_params() -> dict[str, Param]:
    """Return the params of the load."""
    return {
        "scale": Param(
            1.0,
            type="number",
            exclusiveMinimum=0,
            maximum=1,
            title="Share of the contract's load",
            description="1 is the contract's load, of two and a half minutes. 0.1 is a short form: a tenth of the "
            "users and of the time, at the same rates.",
        ),
        "latency_factor": Param(
            1.0,
            type="number",
            minimum=1,
            maximum=100,
            title="How many times the contract's latencies are allowed",
            description="1 is the contract. More is for a machine that does other things too; correctness is checked "
            "all the same.",
        ),
    }


def _names(title: str, folder: str, suffix: str) -> Param:
    return Param(
        [],
        type="array",
        items={"type": "string"},
        title=title,
        description=f"Names of files in {folder}, without {suffix}, one a line. Leave it empty to take all of them.",
    )
