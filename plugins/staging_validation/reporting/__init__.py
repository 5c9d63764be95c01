"""Tells people what a run found: one page, one table, one line, and a schema for programs."""

from staging_validation.reporting.page import render_html
from staging_validation.reporting.schema import results_schema
from staging_validation.reporting.terminal import results_table, summary_line

__all__ = ["render_html", "results_schema", "results_table", "summary_line"]
