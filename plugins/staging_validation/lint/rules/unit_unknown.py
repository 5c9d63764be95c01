"""A unit that Grafana does not know is printed behind the number, and nothing is scaled by it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from staging_validation.dashboards.model import Panel
from staging_validation.lint.context import Context
from staging_validation.lint.finding import Severity
from staging_validation.lint.panel_facts import property_pointer
from staging_validation.lint.rule import Fault, Rule

_KNOWN_LISTED = """
    none string short sishort percent percentunit humidity dB candela hex0x hex sci locale pixel
    accMS2 accFS2 accG degree radian grad arcmin arcsec areaM2 areaF2 areaMI2 areaAC areaHA
    flops mflops gflops tflops pflops eflops zflops yflops
    ppm conppb conngm3 conngNm3 conμgm3 conμgNm3 conmgm3 conmgNm3 congm3 congNm3 conmgdL conmmolL
    currencyUSD currencyGBP currencyEUR currencyJPY currencyRUB currencyUAH currencyBRL currencyDKK currencyISK
    currencyNOK currencySEK currencyCZK currencyCHF currencyPLN currencyBTC currencymBTC currencyμBTC currencyZAR
    currencyINR currencyKRW currencyIDR currencyPHP currencyVND currencyTRY currencyMYR currencyXPF currencyBGN
    currencyPYG currencyUYU currencyILS
    bytes decbytes bits decbits kbytes deckbytes mbytes decmbytes gbytes decgbytes tbytes dectbytes pbytes decpbytes
    pps binBps Bps binbps bps KiBs Kibits KBs Kbits MiBs Mibits MBs Mbits GiBs Gibits GBs Gbits TiBs Tibits TBs Tbits
    PiBs Pibits PBs Pbits
    dateTimeAsIso dateTimeAsIsoNoDateIfToday dateTimeAsUS dateTimeAsUSNoDateIfToday dateTimeAsLocal
    dateTimeAsLocalNoDateIfToday dateTimeAsSystem dateTimeFromNow
    watt kwatt megwatt gwatt mwatt Wm2 voltamp kvoltamp voltampreact kvoltampreact watth watthperkg kwatth kwattm
    mwatth amph kamph mamph joule ev amp kamp mamp volt kvolt mvolt dBm mohm ohm kohm Mohm farad µfarad nfarad pfarad
    ffarad henry mhenry µhenry lumens
    flowgpm flowcms flowcfs flowcfm litreh flowlpm flowmlpm lux forceNm forcekNm forceN forcekN
    Hs KHs MHs GHs THs PHs EHs massmg massg masslb masskg masst
    lengthmm lengthin lengthft lengthm lengthkm lengthmi
    pressurembar pressurebar pressurekbar pressurepa pressurehpa pressurekpa pressurehg pressurepsi
    radbq radci radgy radrad radsv radmsv radusv radrem radexpckg radr radsvh radmsvh radusvh
    rotrpm rothz rotkhz rotmhz rotghz rotrads rotdegs celsius fahrenheit kelvin
    hertz ns µs ms s m h d dtdurationms dtdurations dthms dtdhms timeticks clockms clocks
    cps ops reqps rps wps iops eps mps recps rowsps cpm opm reqpm rpm wpm epm mpm recpm rowspm
    velocityms velocitykmh velocitymph velocityknot mlitre litre m3 Nm3 dm3 gallons bool bool_yes_no bool_on_off
"""
_KNOWN = frozenset(_KNOWN_LISTED.split())
"""The ids of Grafana's units (its source, ``valueFormats/categories``)."""

_OWN = re.compile(r"(?:prefix|suffix|time|si|count|currency|bool):.+", re.DOTALL)
_MEANT = {
    "%": "percent",
    "pct": "percent",
    "percentage": "percent",
    "usd": "currencyUSD",
    "$": "currencyUSD",
    "dollars": "currencyUSD",
    "eur": "currencyEUR",
    "euro": "currencyEUR",
    "milliseconds": "ms",
    "millis": "ms",
    "seconds": "s",
    "sec": "s",
    "minutes": "m",
    "hours": "h",
    "days": "d",
    "us": "µs",
    "b": "bytes",
    "kb": "deckbytes",
    "mb": "decmbytes",
    "gb": "decgbytes",
    "req/s": "reqps",
    "ops/s": "ops",
    "number": "none",
}
"""What some words are written for. They are shown, but seconds stay seconds where ``s`` would make minutes of many."""


def _check(panel: Panel, _context: Context) -> Iterator[Fault]:
    units = [(panel.unit, panel.unit_pointer)]
    units += [
        (override.properties["unit"], property_pointer(override, "unit"))
        for override in panel.overrides
        if "unit" in override.properties
    ]
    for unit, pointer in units:
        if (
            isinstance(unit, str)
            and unit
            and unit not in _KNOWN
            and not _OWN.fullmatch(unit)
            and "$" not in unit
        ):
            yield _fault(unit, pointer)


def _fault(unit: str, pointer: str) -> Fault:
    meant = _MEANT.get(unit.lower())
    if meant is None:
        by_case = {known.lower(): known for known in _KNOWN}
        close = difflib.get_close_matches(unit.lower(), by_case, n=1, cutoff=0.8)
        meant = by_case[close[0]] if close else None
    return Fault(
        f"Grafana has no unit {unit}: it prints the word behind the bare number and scales nothing, so 120000 is shown "
        f"as “120000 {unit}”.",
        f'write "unit": "{meant}"' if meant else f'if you mean it, say so: "unit": "suffix:{unit}"',
        pointer=pointer,
        evidence={"unit": unit},
        severity=None if meant else Severity.INFO,
    )


RULE = Rule(
    id="unit-unknown",
    summary="A panel's unit is none of Grafana's.",
    severity=Severity.WARNING,
    subject=Panel,
    check=_check,
    classes=("B4",),
)
