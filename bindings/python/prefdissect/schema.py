"""What is measured: an ordered list of properties of a response."""
from __future__ import annotations

from typing import Any, Iterator, NamedTuple, Sequence

from . import _api
from ._calls import Path, Resource, made, run, string, text, texts
from ._library import lib
from ._options import name_of


class Property(NamedTuple):
    """One property.

    Attributes
    ----------
    id : str
        Unique and stable ("harmlessness").
    name : str
        Short, for people ("harmless").
    description : str
        One sentence for annotators and readers.
    stage : str
        How it comes to be known: "query-free", "query-aware", "query-specific", "error", "computed".
    rule : str
        How two values become one comparison: "sign", "rel", "abs", "nonzero", "count", "length".
    polarity : int
        +1, or -1 where the comparison is negated after the rule.
    promptable : bool
        Whether a model can be told to show it.
    scale_least, scale_most : float
        Values outside are refused; infinity: no end.
    tolerance : float
        Of the rule.
    depends_on : str or None
        The fact of the query that a query-specific property needs.
    """

    id: str
    name: str
    description: str
    stage: str
    rule: str
    polarity: int
    promptable: bool
    scale_least: float
    scale_most: float
    tolerance: float
    depends_on: str | None


class Schema(Resource, Sequence[Property]):
    """An ordered list of properties; immutable. `schema[3]` or `schema["harmlessness"]`.

    Examples
    --------
    >>> schema = Schema.builtin("li2024")
    >>> len(schema), schema["harmless"].id
    (29, 'harmlessness')
    """

    _free_name = "pdx_schema_free"

    @classmethod
    def builtin(cls, name: str) -> Schema:
        """A schema that the library brings along.

        Parameters
        ----------
        name : {"li2024", "surface"}
            The 29 properties of Li et al. 2024 (arXiv 2402.11296), or the 30 that are computed from
            the texts alone.
        """
        return cls(made(_api.pdx_schema, lib.pdx_schema_builtin, text(name)))

    @classmethod
    def load(cls, path: Path) -> Schema:
        """From schema.json.

        Raises
        ------
        FileError, ParseError
        """
        return cls(made(_api.pdx_schema, lib.pdx_schema_load, text(path)))

    @classmethod
    def from_names(cls, names: Sequence[str]) -> Schema:
        """Plain real-valued properties of these names."""
        return cls(made(_api.pdx_schema, lib.pdx_schema_from_names, texts(names), len(names)))

    def save(self, path: Path) -> None:
        """Writes schema.json, whole or not at all."""
        run(lib.pdx_schema_save, self._pointer, text(path))

    @property
    def name(self) -> str:
        """The schema's own name."""
        return string(lib.pdx_schema_name(self._pointer))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the properties, in order."""
        return tuple(entry.id for entry in self)

    def find(self, name: str) -> int:
        """Index of a property by id or by short name.

        Raises
        ------
        KeyError
            There is none.
        """
        index = int(lib.pdx_schema_find(self._pointer, text(name)))
        if index < 0:
            raise KeyError(name)
        return index

    def compare(self, key: int | str, a: float, b: float) -> int:
        """Comparison of two values by the property's rule, times its polarity: -1, 0 or 1."""
        return int(lib.pdx_property_compare(self._raw(key), a, b))

    def _raw(self, key: int | str) -> Any:
        index = self.find(key) if isinstance(key, str) else range(len(self))[key]
        return lib.pdx_schema_property(self._pointer, index)

    def __len__(self) -> int:
        return int(lib.pdx_schema_count(self._pointer))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[i] for i in range(len(self))[key]]
        raw = self._raw(key).contents
        depends_on = string(raw.depends_on) if raw.depends_on is not None else None
        return Property(string(raw.id), string(raw.name), string(raw.description),
                        name_of("STAGE", raw.stage), name_of("RULE", raw.rule), raw.polarity,
                        bool(raw.promptable), raw.scale_least, raw.scale_most, raw.tolerance,
                        depends_on)

    def __iter__(self) -> Iterator[Property]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"<Schema {self.name!r}: {len(self)} properties>"


class BorrowedSchema(Schema):
    """The schema inside a dataset: it keeps the dataset's memory."""

    def __init__(self, pointer: Any, owner: Any) -> None:
        self._handle = owner
        self._inner = pointer

    @property
    def _pointer(self) -> Any:
        self._held  # closed: an error
        return self._inner
