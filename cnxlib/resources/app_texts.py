"""What to write to Salesforce and to Conexiom where Salesforce makes no more connected apps."""

from __future__ import annotations

from cnxlib.model import Document
from cnxlib.resources.app import App


def to_salesforce(app: App, said: str) -> Document:
    """The case for Salesforce Customer Support; `said` is what Salesforce answered."""
    me = app.me
    return Document(
        "to-salesforce-support.txt",
        f"""Subject: Please enable the creation of connected apps in org {me.org_id}

Hello,

please enable the creation of connected apps in our org {me.org_name} ({me.org_id}, {me.url}).

We are setting up the app Conexiom for Salesforce, whose supplier asks for a connected app with the name {app.name},
the callback URL {app.callback_url} and the OAuth scopes Full Access (full) and Web (web): it lets our users sign in
to the supplier's portal with their Salesforce account (OAuth 2.0, authorization code).

When we create it, Salesforce answers:

    {said}

Please let us know when we can try again.

{me.username}
""",
    )


def to_conexiom(app: App) -> Document:
    """The question to Conexiom, which kind of app they accept."""
    me = app.me
    return Document(
        "to-conexiom.txt",
        f"""Subject: Conexiom for Salesforce: External Client App instead of a connected app?

Hello,

we are setting up Conexiom for Salesforce in our org {me.org_name} ({me.org_id}). Your guide asks for a connected app
with the callback URL {app.callback_url}. Since Spring '26 Salesforce lets new ones be created only after its support
has enabled that for the org; its successor is the External Client App.

1. May the single sign-on into your portal use an External Client App (authorization code, the same callback URL,
   scopes full and web)?
2. Does your portal send a PKCE challenge?
3. External Client Apps have no username-password flow, and Salesforce has announced the end of that flow for
   {RETIREMENT}. Which flow will your integration use for Email-to-Case?

Thank you.
""",
    )


RETIREMENT = "2027-02-20"
"""When Salesforce stops the username-password flow everywhere (announced for Spring '27, second-hand)."""
