from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from local_staging.stack.monitoring import http_answers, prometheus_config
from local_staging.stack.monitoring_binaries import MonitoringBinaries, _system
from local_staging.stack.supervisor import Supervisor
from staging_validation.errors import ConfigurationError

# Stand-ins for the system's tools. The download fails while the system's lists are used, if the test says so.
_APT = """#!/bin/sh
echo "$@" >> "$LOGBOOK"
case "$*" in
  *download*) if [ -n "$NEEDS_LISTS" ] && ! echo "$*" | grep -q State::lists; then echo 'Unable to locate'; exit 100; fi
     for name; do :; done; touch "${name}_1.0_all.deb" ;;
  *update*) exit $UPDATE ;;
esac
"""
_DPKG = """#!/bin/sh
mkdir -p "$3/usr/bin"
for name in prometheus promtool prometheus-pushgateway; do echo x > "$3/usr/bin/$name"; done
"""

Tools = Callable[..., MonitoringBinaries]


@pytest.fixture
def tools(tmp_path: Path, cache_dir: Path) -> Tools:
    """A system whose PATH holds only these programs (and sh's own tools)."""

    def make(*, needs_lists: bool = False, update: int = 0, **programs: str) -> MonitoringBinaries:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        for name in ("grep", "touch", "mkdir"):
            if not (folder / name).exists():
                (folder / name).symlink_to(
                    next(p for p in (Path("/bin", name), Path("/usr/bin", name)) if p.exists())
                )
        for name, text in programs.items():
            (folder / name.replace("_", "-")).write_text(text)
            (folder / name.replace("_", "-")).chmod(0o755)
        environ = {
            "PATH": str(folder),
            "LOGBOOK": str(tmp_path / "apt.log"),
            "NEEDS_LISTS": "yes" if needs_lists else "",
            "UPDATE": str(update),
        }
        return MonitoringBinaries(
            cache_dir, supervisor=Supervisor(), log_dir=tmp_path / "logs", environ=environ
        )

    return make


@pytest.fixture(autouse=True)
def _only_these_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")


def test_a_program_on_path_is_used(tools: Tools, tmp_path: Path) -> None:
    binaries = tools(pushgateway="#!/bin/sh\n", prometheus="#!/bin/sh\n")
    assert binaries.find("pushgateway") == tmp_path / "bin" / "pushgateway"
    assert binaries.find("prometheus") == tmp_path / "bin" / "prometheus"


def test_a_package_is_fetched_once(tools: Tools, tmp_path: Path, cache_dir: Path) -> None:
    binaries = tools(apt_get=_APT, dpkg_deb=_DPKG)
    for program in ("prometheus", "promtool", "prometheus"):
        assert binaries.find(program).is_relative_to(cache_dir)
    assert len((tmp_path / "apt.log").read_text().splitlines()) == 1
    assert binaries.find("pushgateway").name == "prometheus-pushgateway"


def test_lists_that_are_no_use_are_replaced_by_private_ones(tools: Tools, tmp_path: Path) -> None:
    binaries = tools(apt_get=_APT, dpkg_deb=_DPKG, needs_lists=True)
    binaries.find("promtool")
    first, update, second = (tmp_path / "apt.log").read_text().splitlines()
    assert "State::lists" not in first
    assert update.endswith("update")
    assert "Dir::State::lists=" in second


def test_a_system_without_packages_is_told_what_to_do(tools: Tools) -> None:
    with pytest.raises(ConfigurationError, match="has no apt-get") as caught:
        tools().find("pushgateway")
    assert "AIRFLOW_CONN_PUSHGATEWAY_DEFAULT" in str(caught.value)
    assert "docker run -p 9091:9091 prom/pushgateway" in str(caught.value)


def test_a_system_without_network_is_told_what_to_do(tools: Tools, cache_dir: Path) -> None:
    binaries = tools(apt_get=_APT, dpkg_deb=_DPKG, needs_lists=True, update=100)
    with pytest.raises(ConfigurationError, match=r"could not be fetched .*apt-get: it ended with status 100"):
        binaries.find("prometheus")
    assert not (cache_dir / f"prometheus-{_system()}").exists()


def test_a_system_without_a_release_file_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    import platform

    def missing() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "freedesktop_os_release", missing)
    assert _system().startswith("unknown-x-")


def test_prometheus_scrapes_both_every_second_and_keeps_pushed_labels() -> None:
    config = prometheus_config("http://127.0.0.1:9091", "https://user:secret@api.example.com/base/")
    assert config["global"] == {
        "scrape_interval": "1s",
        "evaluation_interval": "1s",
        "external_labels": {"environment": "staging"},
    }
    assert config["scrape_configs"] == [
        {
            "job_name": "pushgateway",
            "honor_labels": True,
            "scheme": "http",
            "metrics_path": "/metrics",
            "static_configs": [{"targets": ["127.0.0.1:9091"]}],
        },
        {
            "job_name": "billing_service",
            "scheme": "https",
            "metrics_path": "/base/metrics",
            "static_configs": [{"targets": ["api.example.com"]}],
        },
    ]


def test_a_probe_is_true_only_for_200(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/ready").respond_with_data("ok")
    httpserver.expect_request("/busy").respond_with_data("no", status=503)
    assert http_answers(httpserver.url_for("/ready"))() is True
    assert http_answers(httpserver.url_for("/busy"))() is None
    assert http_answers("http://127.0.0.1:9/")() is None
