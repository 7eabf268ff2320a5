"""A random system declares itself: what it is called, what its parameters are, what is predicted of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, ClassVar, Self

from sympy import Symbol

from .naming import called
from .parameter import Parameter
from .prediction import Prediction
from .printing import Line, Printable

Blocks = Iterable[tuple[str, Printable]]
"""Equations, with a heading each."""


class Declared(type):
    """Of systems: the constructor reads text as the command line does, and remembers what it was given."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """The system, with ``given``, the parameters by name."""
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        domains = {p.name: p.domain for p in cls.parameters}  # type: ignore[attr-defined]
        try:
            signature.bind(None, *arguments, **keywords)
        except TypeError as error:
            own = ", ".join(domains) or "no parameters"
            raise ValueError(f"{cls.__name__}: {error}; it has {own}") from None
        named = dict(zip([*signature.parameters][1:], arguments, strict=False)) | keywords
        for name in domains.keys() & named:
            if isinstance(named[name], str):
                named[name] = domains[name].accept(name, named[name])
        made = type.__call__(cls, **named)
        left_out = {n: p.default for n, p in signature.parameters.items() if p.default is not p.empty}
        given = {name: named[name] for name in domains if name in named and named[name] != left_out.get(name)}
        object.__setattr__(made, "given", given)
        return made


class System(Printable, metaclass=Declared):
    """Base of all systems. A subclass with a ``slug`` of its own is found by that name.

    Attributes
    ----------
    slug, title, source
        Name on the command line; one line; reference.
    statement
        The declaration as a formula, in one line of text.
    parameters
        In the order in which they are shown. The constructor takes them as keywords, and each is an attribute; one that
        is left out stays a symbol, positive.
    control
        The parameter whose critical values are the thresholds; empty where they are in something else.
    size_to_try
        N of an example of a finite system.
    form
        What is random: a subclass with ``declare`` and no constructor is built by that of its form, from what
        ``declare`` returns.
    given
        The parameters that have values, by name.
    """

    slug: ClassVar[str] = ""
    title: ClassVar[str] = ""
    source: ClassVar[str] = ""
    statement: ClassVar[str] = ""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    control: ClassVar[str] = ""
    size_to_try: ClassVar[int] = 16
    form: ClassVar[Any] = None
    given: dict[str, Any]

    def __init_subclass__(cls) -> None:
        if cls.form is not None and "declare" in vars(cls) and "__init__" not in vars(cls):
            cls.__init__ = _declared  # type: ignore[method-assign]

    def __init__(self, **values: Any) -> None:
        known = {parameter.name for parameter in self.parameters}
        for name in values.keys() - known:
            raise ValueError(f"{name} is no parameter of {self.slug}; it has {', '.join(known) or 'none'}")
        for parameter in self.parameters:
            value = values.get(parameter.name)
            read = (
                Symbol(parameter.name, positive=True)
                if value is None
                else parameter.domain.accept(parameter.name, value)
            )
            setattr(self, parameter.name, read)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self.echo().items())})"

    def predictions(self) -> Iterable[Prediction]:
        """Numbers and curves that theory gives."""
        return ()

    def prediction(self, name: str) -> Prediction:
        """The one of that name."""
        return next(prediction for prediction in self.predictions() if prediction.name == name)

    def derivation(self) -> Mapping[str, Callable[[], Blocks]]:
        """Equations by topic; by default those of the predictions."""
        return {"predictions": lambda: [(prediction.heading, prediction) for prediction in self.predictions()]}

    def equations(self) -> list[Line]:
        """The declaration."""
        return [(rf"\text{{{self.slug}}}", rf"\text{{{self.statement}}}")]

    @classmethod
    def exemplar(cls) -> Self:
        """At the values that its parameters give to try."""
        return cls(**{p.name: p.example.strip("'") for p in cls.parameters if p.required})

    def require(self, leave: Iterable[str] = ()) -> None:
        """ValueError if a parameter that is needed was not given; those in ``leave`` need not be."""
        self.needs({*self.given, *leave})

    @classmethod
    def needs(cls, there: Container[str]) -> None:
        """ValueError if a parameter that is needed is not there."""
        for parameter in cls.parameters:
            if parameter.required and parameter.name not in there:
                tried = f"try {called(parameter.name, parameter.example)}"
                raise ValueError(f"{called(parameter.name)} is missing for {cls.slug}; {tried}")

    def echo(self) -> dict[str, Any]:
        """The parameters given, for JSON."""
        return {p.name: p.domain.plain(self.given[p.name]) for p in self.parameters if p.name in self.given}

    @property
    def symbol_values(self) -> dict[Symbol, Any]:
        """The values of the symbols that stand for parameters left out; lists stand for none."""
        given = {name: getattr(self, name, value) for name, value in self.given.items()}
        return {Symbol(name, positive=True): value for name, value in given.items() if not isinstance(value, list)}

    @property
    def shown(self) -> str:
        """``p = 3, delta-2 = 0.5``."""
        return ", ".join(f"{name.replace('_', '-')} = {value}" for name, value in self.echo().items())


def _declared(self: Any, **values: Any) -> None:
    """Constructor of a system that declares itself in terms of its parameters."""
    System.__init__(self, **values)
    declared = self.declare()
    if not isinstance(declared, tuple):
        raise ValueError(f"{type(self).__name__}: declare must return a pair, such as a covariance and a mean")
    type(self).form.__init__(self, *declared, name=self.slug)
