"""Pydantic models that are built when they are used for the first time.

A server may offer ten thousand tools of which a run calls three. Building a model takes milliseconds, and
even an empty subclass of one most of a millisecond, because pydantic looks through all of its bases again;
here the class is made without that, and refers to a subclass that pydantic builds later. Instances belong
to that subclass.
"""

from __future__ import annotations

from abc import ABCMeta
from typing import Final, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

_MADE: Final = "penguiflow_made"
"""In the namespace of a class that is not built: the subclass that is, once there is one."""

_OF_PYDANTIC: Final = ("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__")


class _FieldsOfBuilt:
    """`model_fields` of the class that is built."""

    def __get__(self, instance: object, owner: type[LazyModel]) -> dict[str, FieldInfo]:
        return owner.built().__pydantic_fields__


class _OfBuilt:
    """An attribute of pydantic, taken from the class that is built; `own` is that of the base class."""

    def __init__(self, name: str, own: object) -> None:
        self._name = name
        self._own = own

    def __get__(self, instance: object, owner: type[LazyModel]) -> object:
        return owner.built().__dict__[self._name] if _MADE in owner.__dict__ else self._own


class LazyModel(BaseModel):
    """The base of models that are made by `lazy_subclass`."""

    model_config = ConfigDict(defer_build=True, ignored_types=(_FieldsOfBuilt,))

    # pydantic has a read-only property of the class here, which no type can describe as overridden.
    model_fields = _FieldsOfBuilt()  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def __new__(cls, *args: object, **values: object) -> Self:
        return object.__new__(cast("type[Self]", cls.built()))  # a subclass of `cls`, made at run time

    @classmethod
    def build(cls) -> type[BaseModel]:
        """Return the subclass that pydantic builds."""
        raise NotImplementedError

    @classmethod
    def built(cls) -> type[BaseModel]:
        """Return the subclass that validates; `cls` itself if it is built."""
        if _MADE not in cls.__dict__:
            return cls
        made: type[BaseModel] | None = cls.__dict__[_MADE]
        if made is None:
            made = cls.build()
            type.__setattr__(cls, _MADE, made)
        return made

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return handler(cls.built() if _MADE in cls.__dict__ else source)


LazyT = TypeVar("LazyT", bound=LazyModel)


def lazy_subclass(name: str, base: type[LazyT]) -> type[LazyT]:
    """Return a subclass that is not built. Once for each `base`, `refer_to_built` has to be called."""
    namespace = {"__module__": base.__module__, "__qualname__": name, _MADE: None}
    # What pydantic's metaclass would do on top is what takes the time.
    metaclass = cast("type[ABCMeta]", type(base))  # pydantic's is no public name
    return cast("type[LazyT]", ABCMeta.__new__(metaclass, name, (base,), namespace))  # `base` is one of its


def refer_to_built(base: type[LazyModel]) -> None:
    """Let the subclasses of `base` that are not built take what pydantic needs from those that are."""
    for name in _OF_PYDANTIC:
        setattr(base, name, _OfBuilt(name, base.__dict__[name]))
