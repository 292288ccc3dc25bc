"""Changing one value of a YAML text and nothing else: comments, order, quotes and line ends stay as they were written.

A YAML library that writes the whole text anew loses the comments that stand below a key it takes out, and lays out
what it never was asked to touch. So the text is spliced where the parser says that the value stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from cnxlib.inventory.reading import NoDoubles

_STEP = 2
"""Columns by which what is new is indented."""

Pair = tuple[yaml.ScalarNode, yaml.Node]


def with_value(text: str, path: Sequence[str], value: Any) -> str:
    """`text` in which `path` has `value`; mappings that are not there yet are made.

    Parameters
    ----------
    text:
        YAML whose root is a mapping.
    path:
        The keys from the root on.
    value:
        What `yaml.safe_dump` takes.
    """
    keys = list(path)
    mapping, content = _root(text), yaml.load(text, NoDoubles)
    while True:
        key = keys.pop(0)
        pair = _pair(mapping, key)
        content = content.get(key) if isinstance(content, dict) else None
        own = pair[1] if pair and not _alias(text, pair) else None
        if keys and isinstance(own, yaml.MappingNode) and own.value:
            mapping = own
            continue
        # From here on it is new, or stood elsewhere (`*anchor`, `<<`) and becomes this entry's own.
        whole = _nested(content if isinstance(content, dict) else {}, keys, value) if keys else value
        return _replaced(text, mapping, pair, whole) if pair else _added(text, mapping, key, whole)


def without(text: str, path: Sequence[str]) -> str:
    """`text` without `path`, and without the mappings of `path` that this leaves empty, but for the first three."""
    mapping = _root(text)
    way: list[tuple[yaml.MappingNode, Pair]] = []
    for key in path:
        pair = _pair(mapping, key)
        if pair is None:
            return text
        way.append((mapping, pair))
        if not isinstance(pair[1], yaml.MappingNode) or _alias(text, pair):
            break
        mapping = pair[1]
    if len(way) < len(path):
        return text
    while len(way) > 3 and len(way[-1][0].value) == 1:
        way.pop()
    return _removed(text, *way[-1])


def _root(text: str) -> yaml.MappingNode:
    node = yaml.compose(text, NoDoubles)
    if not isinstance(node, yaml.MappingNode):
        raise yaml.YAMLError("no mapping")
    return node


def _pair(mapping: yaml.MappingNode, key: str) -> Pair | None:
    return next((pair for pair in mapping.value if isinstance(pair[0], yaml.ScalarNode) and pair[0].value == key), None)


def _nested(content: dict[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    if len(keys) == 1:
        return {**content, keys[0]: value}
    below = content.get(keys[0])
    return {**content, keys[0]: _nested(below if isinstance(below, dict) else {}, keys[1:], value)}


def _replaced(text: str, mapping: yaml.MappingNode, pair: Pair, value: Any) -> str:
    start, end = _extent(text, pair)
    colon = text.index(":", pair[0].end_mark.index) + 1
    if "#" in text[colon:start] or mapping.flow_style:  # a comment stands between the key and its value, and stays
        return text[:start] + ("" if text[start - 1].isspace() else " ") + _flow(value) + text[end:]
    return text[:colon] + _block(text, value, pair[0].start_mark.column) + text[end:]


def _added(text: str, mapping: yaml.MappingNode, key: str, value: Any) -> str:
    _, end = _extent(text, mapping.value[-1]) if mapping.value else (0, mapping.end_mark.index - 1)
    if mapping.flow_style:
        comma = ", " if mapping.value else ""
        return f"{text[:end]}{comma}{_flow(key)}: {_flow(value)}{text[end:]}"
    column = mapping.value[0][0].start_mark.column
    line = re.compile(r"[^\r\n]*").match(text, end)
    end = line.end() if line else end
    return f"{text[:end]}{_newline(text)}{' ' * column}{_flow(key)}:{_block(text, value, column)}{text[end:]}"


def _removed(text: str, mapping: yaml.MappingNode, pair: Pair) -> str:
    _, end = _extent(text, pair)
    start = pair[0].start_mark.index
    if not mapping.flow_style:
        rest = re.compile(r"[^\r\n]*(\r\n|\n|\r|$)").match(text, end)
        return text[: start - pair[0].start_mark.column] + text[rest.end() if rest else end :]
    place = mapping.value.index(pair)
    if place:
        start = _extent(text, mapping.value[place - 1])[1]
    elif len(mapping.value) > 1:
        end = mapping.value[1][0].start_mark.index
    return text[:start] + text[end:]


def _extent(text: str, pair: Pair) -> tuple[int, int]:
    """Where the value of `pair` begins and ends; comments and line breaks after it do not belong to it."""
    key, value = pair
    if alias := _alias(text, pair):
        return alias.start(1), alias.end(1)
    start, end = value.start_mark.index, value.end_mark.index
    if isinstance(value, yaml.CollectionNode) and not value.flow_style and value.value:
        last = value.value[-1]
        if isinstance(last, tuple):
            return start, _extent(text, last)[1]
        return start, _extent(text, (key, last))[1]
    return start, start + len(text[start:end].rstrip(" \t\r\n"))  # YAML's white space: others are text


def _alias(text: str, pair: Pair) -> re.Match[str] | None:
    """The `*anchor` that stands for the value, if one does: the parser gives the value where its anchor is."""
    if pair[1].start_mark.index > pair[0].start_mark.index:
        return None
    return re.compile(r"\s*:\s*(\*[^\s,\]}]+)").match(text, pair[0].end_mark.index)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if "\n" in text or "\r" in text else None)


_Dumper.add_representer(str, _text)


def _dump(value: Any, flow: bool | None) -> str:
    return str(
        yaml.dump(value, Dumper=_Dumper, default_flow_style=flow, sort_keys=False, allow_unicode=True, width=10**6)
    )


def _flow(value: Any) -> str:
    """In one line; within a list, where a plain text must not hold what would end it."""
    return _dump([value], flow=True).strip()[1:-1]


def _block(text: str, value: Any, column: int) -> str:
    """What comes after the colon of a key that begins in `column`: in its line what is short, else lines below it."""
    inside = column + _STEP
    start = f"{_newline(text)}{' ' * inside}"
    if isinstance(value, dict) and value:
        return "".join(f"{start}{_flow(key)}:{_block(text, item, inside)}" for key, item in value.items())
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "".join(start + line for line in _dump(value, flow=None).rstrip("\n").split("\n"))
    return f" {_flow(value)}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
