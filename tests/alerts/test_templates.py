"""The Go templates of alerts: what they use, and what is wrong; promtool says the same of their grammar."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from staging_validation.alerts.templates import TemplateUse, UseKind, read_template

LABEL, VALUE, FUNCTION, QUERY = UseKind.LABEL, UseKind.VALUE, UseKind.FUNCTION, UseKind.QUERY


def uses(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (use.kind.value, use.name, use.pipeline)
        for use in read_template(text).uses
        if use.kind is not FUNCTION
    ]


# The template, and the labels, values and queries it uses.
USES = [
    ("no template at all, 5 % { of $ them }", []),
    ("{{ $labels.plan }}", [("label", "plan", ())]),
    ("{{.Labels.plan}} and {{ $.Labels.reason }}", [("label", "plan", ()), ("label", "reason", ())]),
    ('{{ index $labels "plan" }}', [("label", "plan", ())]),
    ("{{ $labels }}", [("label", "", ())]),
    ("{{ $value }}", [("value", "", ())]),
    ("{{- .Value | humanizePercentage -}}", [("value", "", ("humanizePercentage",))]),
    ('{{ $value | humanize | printf "%s!" }}', [("value", "", ("humanize", "printf"))]),
    ('{{ printf "%.2f of %s" $value $labels.plan }}', [("value", "", ("printf",)), ("label", "plan", ("printf",))]),
    ('{{ toUpper (printf "%.1f" $value) }}', [("value", "", ("printf", "toUpper"))]),
    ("{{ $externalLabels.environment }}", [("external label", "environment", ())]),
    ("{{ $v := $value }}{{ $v | humanize }}", [("value", "", ()), ("value", "", ("humanize",))]),
    ("{{ $l := $labels }}{{ $l.plan }}", [("label", "", ()), ("label", "plan", ())]),
    ("{{ with $labels }}{{ .plan }}{{ end }}", [("label", "", ()), ("label", "plan", ())]),
    ("{{ with $labels }}x{{ end }}{{ .Value }}", [("label", "", ()), ("value", "", ())]),
    ("{{ if gt $value 0.5 }}a{{ else if true }}b{{ else }}{{ $labels.a }}{{ end }}",
     [("value", "", ("gt",)), ("label", "a", ())]),
    ('{{ range query "up == 0" }}{{ .Labels.job }}: {{ .Value }}{{ end }}', [("query", "up == 0", ())]),
    ('{{ with query "sum(up)" }}{{ . | first | value | humanize }}{{ end }}', [("query", "sum(up)", ())]),
    ('{{ query (printf "up{job=%q}" $labels.job) }}', [("query", "", ()), ("label", "job", ("printf", "query"))]),
    ("{{ range $name, $text := $labels }}{{ $name }}={{ $text }}{{ end }}", [("label", "", ())]),
    ("{{/* $labels.gone */}}{{ $labels.here }}", [("label", "here", ())]),
    ("{{ `{{ $labels.plain }}` }}", []),
]  # fmt: skip

# The template, the piece that is wrong, a word of the remedy. Prometheus refuses the rule file because of it.
REFUSED = [
    ("{{ $labels.plan", "{{ $labels.plan", "}}"),
    ("{{ $value } of them", "{{ $value }", "}}"),
    ("{{ $label.plan }}", "$label", "$labels"),
    ("{{ $Value }}", "$Value", "$value"),
    ("{{ $value | humanisePercentage }}", "humanisePercentage", "humanizePercentage"),
    ("{{ mul $value 100 }}", "mul", "query"),
    ('{{ $labels["plan"] }}', '["plan"]', "index"),
    ("{{ $labels.my-label }}", "-label", "index"),
    ("{{ $value-1 }}", "-1", "index"),
    ("{{ }}", "{{ }}", "braces"),
    ("{{ $value | | humanize }}", "|", "braces"),
    ("{{ | humanize }}", "{{ | humanize }}", "braces"),
    ("{{ if }}x{{ end }}", "{{ if }}", "braces"),
    ("{{ if $value }}x", "{{ if $value }}", "end"),
    ("{{ range $labels }}x", "{{ range $labels }}", "end"),
    ("x{{ end }}", "{{ end }}", "remove"),
    ("{{ else }}x", "{{ else }}", "if"),
    ("{{ if true }}{{ else }}{{ else }}{{ end }}", "{{ else }}", "one else"),
    ("{{ range $labels }}{{ else if true }}{{ end }}", "{{ else if true }}", "{{ if … }}"),
    ("{{ break }}", "{{ break }}", "remove"),
    ("{{ if $a, $b := $labels }}{{ end }}", "{{ if $a, $b := $labels }}", "one"),
    ("{{ template }}", "{{ template }}", "name"),
    ('{{ if true }}{{ define "x" }}{{ end }}{{ end }}', '{{ define "x" }}', "before"),
    ('{{ define "x" }}{{ $labels.plan }}{{ end }}', "$labels", "known"),
    ("{{ (humanize $value }}", "(", "close"),
    ("{{ humanize $value) }}", ")", "remove"),
    ('{{ $value | "text" }}', '"text"', "pipe"),
    ('{{ printf "%.2f $value }}', '"', "close it"),
    ("{{ printf \u201c%.2f\u201d $value }}", "\u201c", 'write "'),
    ("{{ $value ? 1 : 0 }}", "?", "remove"),
    ("{{/* a comment }}", "{{/* a comment }}", "*/"),
]

# The same, but Prometheus loads the file, and the alert comes out wrong.
WRONG = [
    ("{{ $new = 3 }}", "$new", "known"),
    ("{{ $value | }}", "|", "remove"),
    ("$labels.plan is slow", "$labels.plan", "{{ $labels.plan }}"),
    ("{ $value } fail", "{ $value }", "{{ $value }}"),
    ("${labels.plan} is slow", "${labels.plan", "{{ $labels.plan }}"),
    ("{{ .labels.plan }}", ".labels", ".Labels"),
    ("{{ $value.plan }}", "$value.plan", "$labels"),
    ("{{ $labels.plan.name }}", "$labels.plan.name", "$labels"),
    ("{{ humanize }}", "humanize", "$value | humanize"),
    ("{{ humanize $value $value }}", "humanize", "$value | humanize"),
    ("{{ $value | humanize | humanizePercentage }}", "humanizePercentage", "one of the two"),
    ('{{ printf "%d" $value }}', "$value", "%.2f"),
    ('{{ $value | printf "%s" }}', "$value", "%.2f"),
    ('{{ $labels.plan | printf "%.2f" }}', "$labels.plan", "%s"),
    ('{{ printf "%s %s" $labels.plan }}', '"%s %s"', "one value"),
    ('{{ (query "up").Value }}', '(query "up").Value', "first"),
    ("{{ $value $labels.plan }}", "$labels.plan", "|"),
    ("{{ $labels.plan | $value }}", "$value", "pipe"),
]


@pytest.mark.parametrize(("text", "expected"), USES)
def test_what_a_template_uses(text, expected) -> None:
    assert uses(text) == expected
    assert read_template(text).faults == ()


def test_a_use_has_its_place() -> None:
    text = 'Plan {{ $labels.plan | title }} {{ query "up" }}'
    found = read_template(text).uses
    assert [(use.kind, text[slice(*use.span)]) for use in found] == [
        (LABEL, "$labels.plan"),
        (FUNCTION, "title"),
        (FUNCTION, "query"),
        (QUERY, "up"),
    ]
    assert found[0] == TemplateUse(LABEL, "plan", found[0].span, ("title",))


@pytest.mark.parametrize(("text", "piece", "remedy"), REFUSED)
def test_what_prometheus_refuses(text, piece, remedy) -> None:
    fault = read_template(text).faults[0]
    assert (text[slice(*fault.span)], fault.refused) == (piece, True)
    assert remedy in fault.remedy


@pytest.mark.parametrize(("text", "piece", "remedy"), WRONG)
def test_what_comes_out_wrong(text, piece, remedy) -> None:
    (fault,) = read_template(text).faults
    assert (text[slice(*fault.span)], fault.refused) == (piece, False)
    assert remedy in fault.remedy


@pytest.mark.parametrize("text", [case[0] for case in (*USES, *REFUSED, *WRONG)])
def test_promtool_refuses_the_same(text, promtool, tmp_path) -> None:
    rule = {"alert": "A", "expr": "up == 0", "annotations": {"summary": text}}
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": [rule]}]}))
    answer = promtool("check", "rules", file)
    assert (answer.status != 0) is any(fault.refused for fault in read_template(text).faults), answer.text


def test_every_shipped_template_is_right(shipped) -> None:
    texts = [
        text
        for _, rule in shipped.rules()
        for part in (rule.labels, getattr(rule, "annotations", {}))
        for text in part.values()
    ]
    assert len(texts) > 40
    assert [fault for text in texts for fault in read_template(text).faults] == []


_WORDS = """{{ }} {{- -}} {{/* */}} $labels .plan $value | ( ) " ` if else end range with := , printf humanize query $x
. 1.5 - [ template define"""
_PIECES = st.sampled_from(_WORDS.split())


@given(st.lists(_PIECES | st.just(" ") | st.text(max_size=5), max_size=30).map("".join))
def test_no_text_breaks_the_reader(text) -> None:
    template = read_template(text)
    for piece in (*template.uses, *template.faults):
        assert 0 <= piece.span.start <= piece.span.end <= len(text)


def test_deep_nesting_is_a_fault() -> None:
    assert "too deeply" in read_template("{{ " + "(" * 100_000 + " }}").faults[0].message
