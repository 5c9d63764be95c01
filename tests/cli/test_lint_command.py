"""``lint``: what is found, how it is printed, and which exit status it has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from benchmarks.lint_dashboards import write_dashboards
from staging_validation import cli
from staging_validation.project import include_dir
from tests.lint.support import dashboard, panel, rule_file

GAUGE = "rsolv_billing_active_subscriptions"
CATALOGUE = str(include_dir("telemetry"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    def put(name, content):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8"
        )

    return put


def lint(capsys, *arguments):
    status = cli.main(["lint", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_the_shipped_files_are_clean(capsys):
    status, out, _ = lint(capsys, str(include_dir("dashboards")), str(include_dir("alerts")))
    assert status == 0, out
    assert "0 errors, 0 warnings" in out
    assert "0 checks skipped" in out


def test_an_error_is_exit_status_1(capsys, write):
    write("shop.json", dashboard(panel("rate(up)")))
    status, out, _ = lint(capsys, ".")
    assert status == 1
    assert "shop.json:" in out
    assert "error: query-syntax" in out
    assert "docs/rules/query-syntax.md" in out


def test_a_warning_is_exit_status_0(capsys, write):
    write("shop.json", dashboard(panel("rate(up)")))
    write(".staging-validation-lint.yaml", "severity: {query-syntax: warning}")
    status, out, _ = lint(capsys, "shop.json")
    assert status == 0
    assert "warning: query-syntax" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["empty"], "nothing would be checked"),
        (["notes.txt"], "neither a dashboard"),
        ([], "nothing would be checked"),
        (["shop.json", "--catalogue", "nowhere.yaml"], "nowhere.yaml does not exist"),
        (["shop.json", "--catalogue", "notes.txt"], "no sample"),
        (["shop.json", "--catalogue", "shop.yaml"], "metric catalogue"),
        (["shop.json", "--config", "notes.txt"], "configuration is wrong"),
        (["shop.json", "--target-grafana", "new"], "no version"),
        (["shop.json", "--scrape-interval", "often"], "no scrape interval"),
    ],
)
def test_what_cannot_be_checked_is_exit_status_2(capsys, folder, write, arguments, said):
    (folder / "empty").mkdir()
    write("notes.txt", "some notes")
    write("shop.json", dashboard(panel("up")))
    write("shop.yaml", rule_file("alert", "up == 0"))
    status, _, err = lint(capsys, *arguments)
    assert status == 2
    assert said in err


def test_a_broken_file_does_not_hide_the_others(capsys, folder, write):
    write("a.json", "{")
    write("b.json", dashboard(panel("rate(up)")))
    (folder / "c.json").write_bytes(b"\xff{}")
    write(".hidden/d.json", "{")
    status, out, _ = lint(capsys, ".", "--format", "json")
    assert status == 1
    found = {
        (finding["file"], finding["rule"]) for finding in json.loads(out) if "-syntax" in finding["rule"]
    }
    assert found == {("a.json", "file-syntax"), ("b.json", "query-syntax"), ("c.json", "file-syntax")}


def test_a_catalogue_in_the_configuration_and_one_on_the_command_line(capsys, folder, write):
    write("boards/shop.json", dashboard(panel(f"rate({GAUGE}[5m])")))
    write("metrics.prom", f"# TYPE {GAUGE} counter\n{GAUGE} 1\n")
    write(".staging-validation-lint.yaml", f"catalogue: {os.path.relpath(CATALOGUE, folder)}")
    status, out, _ = lint(capsys, "boards")
    assert (status, "rate-on-gauge" in out) == (1, True)
    status, out, _ = lint(capsys, "boards", "--catalogue", "metrics.prom")
    assert (status, "rate-on-gauge" in out) == (0, False)


def test_without_metrics_the_rules_that_need_them_are_skipped_and_counted(capsys, write):
    write("shop.json", dashboard(panel(f"rate({GAUGE}[5m])")))
    status, out, _ = lint(capsys, "shop.json")
    assert status == 0
    assert "skipped: rate-on-gauge (1 times)" in out


def test_programs_get_the_findings_and_people_the_summary(capsys, write):
    write("shop.json", dashboard(panel("rate(up)")))
    for form, read in (("json", json.loads), ("sarif", json.loads), ("junit", ET.fromstring)):
        status, out, err = lint(capsys, "shop.json", "--format", form)
        assert status == 1
        assert read(out) is not None
        assert err.startswith("1 file checked")


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit"])
def test_characters_that_the_output_cannot_show(folder, write, form):
    write("shop.yaml", rule_file("alert", "rate(up)").replace("ShopIsEmpty", "\\ud83dShop\u2026"))
    command = [sys.executable, "-m", "staging_validation.cli", "lint", "shop.yaml", "--format", form]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "-syntax" in done.stdout  # of the file, where YAML refuses half a character, or of the query


def test_many_files_are_checked_in_two_processes_with_the_same_result(folder):
    write_dashboards(folder / "many", 14)
    for number, path in enumerate(sorted((folder / "many").iterdir())):
        path.write_text(path.read_text(encoding="utf-8").replace("rate(", "rat(", number), encoding="utf-8")
    script = "import os, sys; os.cpu_count = lambda: {count}; from staging_validation.cli import main; sys.exit(main())"
    answers = []
    for count in (1, 2):
        command = [sys.executable, "-c", script.format(count=count), "lint", "many", "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1, done.stderr
        answers.append((done.stdout, done.stderr))
    assert answers[0] == answers[1]
    assert sum(finding["rule"] == "query-syntax" for finding in json.loads(answers[0][0])) > 50


def test_the_index_of_the_rules(capsys):
    status, out, _ = lint(capsys, "--list-rules")
    assert status == 0
    assert "[query-syntax](query-syntax.md)" in out


def test_it_runs_without_airflow_and_without_service_libraries(folder, write):
    write("shop.json", dashboard(panel("up")))
    script = (
        "import sys; sys.modules['airflow'] = None; from pathlib import Path; "
        "from staging_validation.cli_commands.lint import Options, lint_files; "
        "status = lint_files(Options([Path('shop.json')])); "
        "heavy = {'requests', 'psycopg', 'rich', 'jinja2', 'jsonschema', 'prometheus_client'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else status)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
