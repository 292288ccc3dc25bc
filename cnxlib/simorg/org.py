"""One simulated org.

``Org`` is what every door (REST, Tooling, SOAP, identity, control) talks to. Rows go in by ``insert``, ``update`` and
``delete``, where Salesforce's rules apply, or by ``put``, where none does and scenarios come from. Things that only the
Metadata API or the identity doors know (settings, connected apps, sessions) are documents: JSON by kind and name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from . import actor as actors
from . import dml, entities, ids, languages, packages, soql, values
from .actor import Actor
from .contents import Contents
from .errors import ApiError
from .schema import Field, SObject, parse_field, standard
from .snapshot import snapshot
from .store import Store

if TYPE_CHECKING:
    from .orgs import Orgs

__all__ = ["Actor", "Org"]


class Org(Contents):
    """A Salesforce org. It is made when something is first asked of it: a hundred that nobody uses cost nothing.

    Attributes:
        restored: it came out of the state file.

    Args:
        org_id: its id.
        alias: its name in this process.
        scenario: the name of the scenario it was seeded from.
        seed: fills the empty org.
        path: a state file; without one the org lives in memory.
        directory: the orgs of the process; usernames and consumer keys are unique among them.
    """

    background: ClassVar[list[Callable[[Org], None]]] = []
    """What else goes on in an org by the clock; the doors that begin it add to it."""

    def __init__(
        self,
        org_id: str,
        alias: str,
        scenario: str,
        seed: Callable[[Org], None] | None = None,
        path: str | None = None,
        directory: Orgs | None = None,
    ) -> None:
        super().__init__(org_id, path)
        self.alias = alias
        self.scenario = scenario
        self.directory = directory
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.api_calls = 0
        self.cursors: dict[str, soql.Result] = {}
        self.restored = False
        self._seed = seed

    def _begin(self, store: Store) -> None:
        store.create(self._schema)
        packages.prepare(self)
        store.connection.create_function("in_language", 1, languages.label)
        self.restored = store.document("_org", "seeded") is not None
        if self.restored:
            self._restore_fields()
        else:
            self._fill()

    def _fill(self) -> None:
        with self.transaction():
            entities.fill(self)
            packages.publish(self)
            if self._seed:
                self._seed(self)
            self.store.put_document("_org", "seeded", {"alias": self.alias, "scenario": self.scenario})

    def _restore_fields(self) -> None:
        for name, description in self.store.documents("CustomField").items():
            sobject, _, api_name = name.partition(".")
            self.schema = self.schema.with_field(sobject, parse_field(api_name, description))

    def actor(self, user_id: str, session_id: str | None = None) -> Actor:
        """The user with the permissions of this moment.

        Raises:
            ApiError: INVALID_SESSION_ID where there is no such active user.
        """
        with self.lock:
            return actors.load(self.store, ids.to18(user_id), session_id)

    # ---- rows, with Salesforce's rules

    def insert(self, sobject: str, values: Mapping[str, Any], actor: Actor, *, tooling: bool = False) -> str:
        """Create a row and return its id.

        Raises:
            ApiError: Salesforce would refuse it.
        """
        self.settle()
        with self.transaction():
            return dml.insert(self, sobject, values, actor, tooling=tooling)

    def update(self, sobject: str, id: str, values: Mapping[str, Any], actor: Actor, *, tooling: bool = False) -> None:
        """Change fields of a row.

        Raises:
            ApiError: Salesforce would refuse it.
        """
        self.settle()
        with self.transaction():
            dml.update(self, sobject, id, values, actor, tooling=tooling)

    def delete(self, sobject: str, id: str, actor: Actor, *, tooling: bool = False) -> None:
        """Delete a row.

        Raises:
            ApiError: Salesforce would refuse it.
        """
        self.settle()
        with self.transaction():
            dml.delete(self, sobject, id, actor, tooling=tooling)

    def query(self, text: str, actor: Actor, *, tooling: bool = False) -> list[dict[str, Any]]:
        """The rows that a SOQL query answers, in REST's shape.

        Raises:
            ApiError: the query is malformed, names what is not there or what the user may not see.
        """
        return self.run_query(text, actor, tooling=tooling).records

    def run_query(
        self, text: str, actor: Actor, *, tooling: bool = False, all_rows: bool = False, version: str = "68.0"
    ) -> soql.Result:
        """The whole result of a SOQL query, with its size and columns, for the API version given.

        Raises:
            ApiError: as ``query``.
        """
        self.settle()
        with self.lock:
            return soql.run(self, text, actor, tooling=tooling, all_rows=all_rows, version=version)

    # ---- rows, rule-free

    def get(self, sobject: str, id: str, fields: Sequence[str] | None = None) -> dict[str, Any]:
        """A row by its id in either length; fields that are computed cost nothing where they are not asked for.

        Raises:
            ApiError: NOT_FOUND.
        """
        found = self._rows(sobject, {"Id": id}, fields) if ids.is_id(id) else []
        if not found:
            raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
        return found[0]

    def rows(self, sobject: str, **equals: Any) -> list[dict[str, Any]]:
        """The rows whose fields have these values, by id. Text is compared without regard to case."""
        return self._rows(sobject, equals)

    def _rows(
        self, sobject: str, equals: Mapping[str, Any], fields: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        self.settle()
        each = self.schema[sobject]
        wanted = {}
        for name, value in equals.items():
            one = each.fields[name.lower()]
            wanted[one.name] = values.stored(one, value)
        with self.lock:
            found = self.store.select(each, wanted, fields)
        return [{name: values.shown(each.fields[name.lower()], value) for name, value in row.items()} for row in found]

    def put(self, sobject: str, row: Mapping[str, Any]) -> str:
        """Write a row as it stands and return its id.

        What it leaves out takes its default; a row of the same Id is replaced.
        """
        return self.put_many(sobject, [row])[0]

    def put_many(self, sobject: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """``put`` for many rows."""
        each = self.schema[sobject]
        with self.lock:
            full = dml.complete(self, each, rows)
            self.store.insert_many(each.name, full)
        return [str(row["Id"]) for row in full]

    # ---- the shape of the org

    def sobject(self, name: str) -> SObject | None:
        """The object of that name, in whatever case, with the custom fields of this org."""
        return self.schema.get(name)

    def add_field(self, sobject: str, name: str, description: Mapping[str, Any]) -> Field:
        """Give an object a custom field, described as in the schema's files.

        For example ``{"is": "string(80) create update nillable", "label": "Region"}``.
        """
        with self.transaction():
            one = parse_field(name, description)
            canonical = self.schema[sobject].name
            self.store.add_column(canonical, one)
            self.schema = self.schema.with_field(canonical, one)
            self.store.put_document("CustomField", f"{canonical}.{name}", description)
            entities.add(self, self.schema[canonical], one)
        return one

    def drop_field(self, sobject: str, name: str) -> None:
        """Take a custom field away from an object, with its values and the field permissions on it."""
        with self.transaction():
            each = self.schema[sobject]
            one = each.fields[name.lower()]
            self.store.clear_column(each.name, one.name)
            self.schema = self.schema.without_field(each.name, one.name)
            self.store.drop_document("CustomField", f"{each.name}.{one.name}")
            for kind, column in (("FieldDefinition", "DurableId"), ("FieldPermissions", "Field")):
                for row in self.rows(kind, **{column: f"{each.name}.{one.name}"}):
                    self.store.delete(kind, row["Id"])

    def settle(self) -> None:
        """Let happen what is due by the clock: a package whose installation has come to its end, a deployment."""
        with self.lock:
            packages.settle(self)
            for work in self.background:
                work(self)

    def snapshot(self) -> dict[str, Any]:
        """The whole state in canonical form, without anything secret."""
        self.settle()
        with self.lock:
            return snapshot(self)

    def reset(self) -> None:
        """Back to the scenario."""
        with self.lock:
            self.store.clear(self.schema)
            self.schema = standard()
            self.cursors.clear()
            self._fill()
