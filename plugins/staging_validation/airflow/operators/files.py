"""Lists the files below ``include/`` that a mapped step works through, one task a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from staging_validation.airflow.operators.base import Step, ValidationOperator
from staging_validation.errors import ConfigurationError
from staging_validation.project import include_dir
from staging_validation.results import CheckResult

if TYPE_CHECKING:
    from airflow.sdk import Context

    from staging_validation.airflow.run import ValidationRun


class ListFilesOperator(ValidationOperator):
    """Lists a folder's files by name; its XCom is the list that the next task is mapped over.

    The param named like the folder narrows the list: names without their suffix; empty means all.
    """

    folder: ClassVar[str]
    """The folder below ``include/``."""
    suffix: ClassVar[str]
    """What the files' names end in."""

    @override
    def check(self, context: Context, run: ValidationRun) -> Step:
        """List the files, and say which chosen names do not exist."""
        names = sorted(path.stem for path in include_dir(self.folder).glob(f"*{self.suffix}"))
        chosen = self._choose(names, context["params"].get(self.folder) or [])
        result = CheckResult.compare(
            expected=True,
            actual=bool(chosen),
            id=f"{self.kind.value}.files",
            kind=self.kind,
            subject=f"include/{self.folder} holds files to check",
            evidence={"files": chosen},
            remedy=f"put a file ending in {self.suffix} into include/{self.folder}",
        )
        return Step([result], chosen)

    def _choose(self, names: Sequence[str], wanted: Sequence[str]) -> list[str]:
        unknown = sorted(set(wanted) - set(names))
        if unknown:
            raise ConfigurationError(
                f"The param {self.folder} names {', '.join(unknown)}, which include/{self.folder} does not hold.",
                remedy=f"choose from {', '.join(names)}, or leave the param empty for all",
            )
        return [name for name in names if not wanted or name in wanted]
