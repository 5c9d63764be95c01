"""Steps through the tokens of a query."""

from __future__ import annotations

from staging_validation.promql.errors import PromqlSyntaxError
from staging_validation.promql.lexer import Token, place, tokenize
from staging_validation.promql.literals import unquote
from staging_validation.promql.slips import unexpected
from staging_validation.promql.tree import Name

# What is kept as a keyword where a label's name could stand; Prometheus' own list.
_NO_LABELS = frozenset({"without", "inf", "nan"})


class Cursor:
    """The token that is read next, and what most readers do with it.

    Args:
        text: The query.

    Attributes:
        text: The query.
        token: The token that is read next.
        last: The one read before it.
    """

    __slots__ = ("_following", "last", "text", "token")

    def __init__(self, text: str) -> None:
        self.text = text
        self._following = iter(tokenize(text)).__next__
        self.last = self.token = self._following()

    def advance(self) -> Token:
        """Return the token and step to the next; never beyond the end, where nothing steps from."""
        token = self.last = self.token
        self.token = self._following()
        return token

    def take(self, kind: str, expected: str) -> Token:
        """Return the token if it is of a kind.

        Args:
            kind: The kind.
            expected: What to call it in a sentence.

        Returns:
            The token.

        Raises:
            PromqlSyntaxError: Something else stands there.
        """
        if self.token.kind != kind:
            raise unexpected(self.token, expected)
        return self.advance()

    def close(self, kind: str, opening: Token, expected: str) -> Token:
        """Return the token that closes a parenthesis or brace.

        Args:
            kind: The closing mark.
            opening: What it closes.
            expected: What else could stand here.

        Returns:
            The token.

        Raises:
            PromqlSyntaxError: Something else stands there; at the end of the query the opening is the place.
        """
        if self.token.kind == kind:
            return self.advance()
        if self.token.kind == "end":
            raise PromqlSyntaxError(
                f'The "{opening.text}" at character {opening.start + 1} is never closed.',
                place((opening.start, opening.end)),
                f'add the "{kind}" it belongs to, or take it away',
            )
        wanted = f'{expected} or the "{kind}" for character {opening.start + 1}'
        if self.word() in {"by", "without"}:
            word = self.token.text
            raise unexpected(
                self.token, wanted, f'close the aggregation in front of "{word}": sum(…) {word} (label)'
            )
        raise unexpected(self.token, wanted)

    def word(self) -> str:
        """Return the word that stands here, in small letters; nothing where no word stands."""
        return self.token.text.lower() if self.token.kind == "word" else ""

    def labels(self) -> tuple[Name, ...]:
        """Read a list of labels in parentheses.

        Raises:
            PromqlSyntaxError: It is none.
        """
        if self.token.kind != "(":
            raise unexpected(self.token, 'the "(" of a list of labels')
        opening = self.advance()
        names: list[Name] = []
        while self.token.kind != ")":
            names.append(self._label())
            if self.token.kind != ",":
                break
            self.advance()
        self.close(")", opening, 'a ","')
        return tuple(names)

    def string(self) -> str:
        """Read a string and return what it stands for.

        Raises:
            PromqlSyntaxError: It has an escape that Prometheus refuses.
        """
        token = self.advance()
        value, refused = unquote(token.text)
        if refused is not None:
            start, end = token.start + refused[0], token.start + refused[1]
            raise PromqlSyntaxError(
                f"The string has the unknown escape {self.text[start:end]}.",
                place((start, end)),
                r"write a backslash twice (\\d, \\.), or put the string into `backquotes`",
            )
        return value

    def _label(self) -> Name:
        token = self.token
        if token.kind == "string":
            return Name(place((token.start, token.end)), self.string())
        if token.kind != "word" or ":" in token.text or token.text.lower() in _NO_LABELS:
            raise unexpected(token, "a label", _instead_of_label(token))
        self.advance()
        return Name(place((token.start, token.end)), token.text)


def _instead_of_label(token: Token) -> str | None:
    if token.kind == ",":
        return "labels are parted by one comma each, and none stands in front of the first"
    if token.kind in {"word", "number", "duration"}:
        return "a label has letters, digits and _ and starts with no digit; other names stand in quotes"
    return None
