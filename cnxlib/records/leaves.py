"""The texts that a record's files are made of, each with its place, and putting them back.

A notebook, an object and a log of objects are read as what they are, so that a text is judged by the name of its field
and what is put back leaves them valid.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Path_ = tuple[str | int, ...]

KEY = "\0key"
"""Last part of the path to a key, in contrast to what it holds."""


@dataclass(frozen=True)
class Leaf:
    """One text.

    Attributes
    ----------
    path:
        The way to it: numbers of lines and elements (from 0), keys.
    name:
        Name of the field that holds it, "" where none does.
    text:
        It.
    binary:
        What it stands for, where it is an image or a document in base64; else empty.
    """

    path: Path_
    name: str
    text: str
    binary: bytes = b""


class Content:
    """A file, taken apart.

    Parameters
    ----------
    name:
        The file's name, which says what is in it: .ipynb, .json, .jsonl; all else is one text, or binary.
    data:
        Its bytes.
    """

    def __init__(self, name: str, data: bytes) -> None:
        self.binary = False
        self._kind = Path(name).suffix
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            self.binary = True
            return
        self.binary = "\0" in text
        self._value: Any = self._read(text)

    def _read(self, text: str) -> Any:
        try:
            match self._kind:
                case ".ipynb":
                    return _joined(json.loads(text))
                case ".json":
                    return json.loads(text)
        except ValueError:
            pass
        if self._kind == ".jsonl":
            return [_object(line) for line in text.split("\n")]
        self._kind = ""
        return text

    def leaves(self) -> Iterator[Leaf]:
        """All texts, in order."""
        yield from _leaves(self._value, (), "")

    def replace(self, texts: Mapping[Path_, str]) -> bytes:
        """The file's bytes with other texts at some paths."""
        for path in sorted(texts, key=lambda path: path[-1:] == (KEY,)):  # a key last: the paths below it begin with it
            self._value = _replaced(self._value, path, texts[path])
        match self._kind:
            case ".ipynb":
                text = json.dumps(self._value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            case ".json":
                text = json.dumps(self._value, ensure_ascii=False, indent=2) + "\n"
            case ".jsonl":
                lines = (
                    each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in self._value
                )
                text = "\n".join(lines)
            case _:
                text = self._value
        return text.encode()

    def place(self, path: Path_, start: int) -> str:
        """A place in words that a reader of the file understands: a path, and in a text its character `start`."""
        if self._kind in (".json", ".ipynb"):
            return _steps(path)
        if not self._kind:
            return f"line {self._value.count(chr(10), 0, start) + 1}"
        line, inner = f"line {int(path[0]) + 1}", _steps(path[1:])
        return f"{line}: {inner}" if inner else line


def _joined(value: Any) -> Any:
    """A notebook whose texts are whole: on the disk they may lie in lines, and either is valid."""
    if isinstance(value, dict):
        return {name: _joined(item) for name, item in value.items()}
    if isinstance(value, list):
        in_lines = len(value) > 1 and all(isinstance(line, str) for line in value)
        if in_lines and all(line.endswith("\n") for line in value[:-1]):
            return "".join(value)
        return _as_shown([_joined(item) for item in value])
    return value


def _as_shown(items: list[Any]) -> list[Any]:
    """A cell's outputs with what it printed in pieces made one, as JupyterLab shows and saves it."""
    shown: list[Any] = []
    for item in items:
        if shown and _printed(item) and _printed(shown[-1]) and item.get("name") == shown[-1].get("name"):
            shown[-1] = {**item, "text": _printed(shown[-1]) + _printed(item)}
        else:
            shown.append(item)
    return shown


def _printed(output: Any) -> str:
    """What an output prints, "" where it is of another kind."""
    if not isinstance(output, dict) or output.get("output_type") != "stream":
        return ""
    text: Any = output.get("text")
    lines: list[Any] = text if isinstance(text, list) else [text]  # a single line may still be a list
    return "".join(lines) if all(isinstance(line, str) for line in lines) else ""


def _object(line: str) -> Any:
    """A line's object; a line that a crash cut short stays text."""
    try:
        value = json.loads(line)
    except ValueError:
        return line
    return value if isinstance(value, dict | list) else line


def _leaves(value: Any, path: Path_, name: str) -> Iterator[Leaf]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield Leaf((*path, key, KEY), name, str(key))
            yield from _leaves(item, (*path, key), str(key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _leaves(item, (*path, number), name)
    elif isinstance(value, str):
        yield Leaf(path, name, value, _decoded(name, value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield Leaf(path, name, repr(value))


def _decoded(name: str, text: str) -> bytes:
    """What an output of a notebook holds in base64."""
    if name.startswith(("image/", "video/", "audio/", "application/pdf", "application/zip")) and "svg" not in name:
        try:
            return base64.b64decode(text)
        except ValueError:
            return b""
    return b""


def _replaced(value: Any, path: Path_, text: str) -> Any:
    if not path:
        return text
    first, rest = path[0], path[1:]
    if rest == (KEY,):
        items = [(text if key == first else key, item) for key, item in value.items()]
        value.clear()
        value.update(items)
    else:
        value[first] = _replaced(value[first], rest, text)
    return value


def _steps(path: Path_) -> str:
    said = ""
    for step in path:
        if step == KEY:
            said += " (its name)"
        elif isinstance(step, int):
            said += f"[{step}]"
        else:
            said += f".{step}" if said else step
    return said
