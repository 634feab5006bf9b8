"""What people write on a run: names, tags, properties, parameters."""
from typing import Any, Dict, Iterable, Mapping, Union

from .part import RunPart


class RunLabels(RunPart):
    """The part of `Run` that deals with them. Those without `get_` are those of the last look."""

    def _refresh(self) -> Dict[str, Any]:
        raise NotImplementedError

    def _patch(self, body: Dict[str, Any]) -> None:
        raise NotImplementedError

    @property
    def display_name(self) -> str:
        """The name that is shown; can be set."""
        return str(self._data.get("display_name") or self._id)

    @display_name.setter
    def display_name(self, value: str) -> None:
        self._patch({"display_name": value})

    @property
    def description(self) -> str:
        """What it is about, of at most 5,000 characters; can be set."""
        return str(self._data.get("description") or "")

    @description.setter
    def description(self, value: str) -> None:
        self._patch({"description": value})

    @property
    def properties(self) -> Dict[str, str]:
        """The properties of the last look."""
        return dict(self._data.get("properties") or {})

    @property
    def tags(self) -> Dict[str, str]:
        """The tags of the last look."""
        return dict(self._data.get("tags") or {})

    def tag(self, key: str, value: Any = None) -> None:
        """Sets one tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Sets these tags and leaves the others. Values become texts."""
        self._patch({"tags": texts(tags)})

    def get_tags(self) -> Dict[str, str]:
        """The tags now."""
        return dict(self._refresh().get("tags") or {})

    def remove_tags(self, tags: "Union[str, Iterable[str]]") -> None:
        """Removes these tags."""
        self._patch({"tags": dict.fromkeys([tags] if isinstance(tags, str) else tags)})

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Adds properties. One that is there cannot change: UserErrorException."""
        self._patch({"properties": texts(properties)})

    def get_properties(self) -> Dict[str, str]:
        """The properties now."""
        return dict(self._refresh().get("properties") or {})

    def log_parameter(self, name: str, value: Any) -> None:
        """Sets one parameter. See log_parameters."""
        self.log_parameters({name: value})

    def log_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Sets parameters: what the run was started with. Values become texts.

        Each is set once: the same value again is fine, another one is a UserErrorException, and then none of these is set.
        """
        self._patch({"parameters": texts(parameters)})

    def get_parameters(self) -> Dict[str, str]:
        """The parameters now, as texts."""
        return dict(self._refresh().get("parameters") or {})


def texts(values: Mapping[str, Any]) -> Dict[str, str]:
    """Tags or properties as the texts they are kept as; None becomes an empty one."""
    return {str(key): "" if value is None else str(value) for key, value in values.items()}
