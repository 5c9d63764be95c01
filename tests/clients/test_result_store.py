from __future__ import annotations

from staging_validation.clients.result_store import ResultStore
from staging_validation.results import CheckResult, Kind


def result(subject):
    return CheckResult.compare(id="a.b", kind=Kind.RESET, subject=subject, expected=1, actual=1)


def test_results_are_kept_by_task(tmp_path):
    store = ResultStore(tmp_path / "runs" / "one")
    assert store.load() == {}
    store.save("reset.verify", [result("one"), result("zwei … ü")])
    store.save("dashboards__0", iter([result("three")]))
    store.save("empty", [])
    assert ResultStore(tmp_path / "runs" / "one").load() == {
        "reset.verify": [result("one"), result("zwei … ü")],
        "dashboards__0": [result("three")],
        "empty": [],
    }


def test_a_later_try_replaces_the_former(tmp_path):
    store = ResultStore(tmp_path)
    store.save("task", [result("first"), result("first")])
    store.save("task", [result("second")])
    (tmp_path / "other.txt").write_text("not ours")
    assert store.load() == {"task": [result("second")]}


def test_secrets_do_not_reach_the_files(tmp_path):
    ResultStore(tmp_path).save("task", [result("sk_test_abc")])
    assert "sk_test_abc" not in (tmp_path / "task.json").read_text(encoding="utf-8")
