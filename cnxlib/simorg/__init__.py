"""A simulated Salesforce org: a server on the loopback address that real clients take for the real thing.

It imports nothing of the rest of the project, and nothing there imports it: it is reached by URL. From the outside in:
`server` and `gate` (listeners, TLS, faults, counting); the doors `rest`, `identity`, `metadata` and `control`; `org`
with its `rules`, `soql` and `packages`; below them `store` and `schema`. What an org starts with is in `scenarios`.
"""
