"""The only door to Salesforce: login, rows (SOQL, collections, composite), tooling, metadata, errors and retries."""

from cnxlib.salesforce.requests import (
    Delete,
    DeleteRows,
    Get,
    Identity,
    Insert,
    InsertRows,
    LoginDoor,
    MakeSecret,
    Query,
    ReadMetadata,
    RowResult,
    Secret,
    SecretHeld,
    SetPassword,
    ToolingQuery,
    Update,
    WriteMetadata,
)
from cnxlib.salesforce.soql import chunks, soql

__all__ = [
    "Delete",
    "DeleteRows",
    "Get",
    "Identity",
    "Insert",
    "InsertRows",
    "LoginDoor",
    "MakeSecret",
    "Query",
    "ReadMetadata",
    "RowResult",
    "Secret",
    "SecretHeld",
    "SetPassword",
    "ToolingQuery",
    "Update",
    "WriteMetadata",
    "chunks",
    "soql",
]
