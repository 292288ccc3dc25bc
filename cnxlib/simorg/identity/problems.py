"""The error of the OAuth endpoints: a dictionary, unlike the REST API's list."""

from __future__ import annotations

from starlette.responses import JSONResponse


class OAuthError(Exception):
    """A refused grant: RFC 6749's `error` and Salesforce's `error_description`."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error, self.description, self.status = error, description, status

    def response(self) -> JSONResponse:
        """The answer to the client."""
        content = {"error": self.error, "error_description": self.description}
        return JSONResponse(content, self.status, headers={"Cache-Control": "no-store"})
