"""The Conexiom for Salesforce runbook: observe an org, plan the differences from the guide, apply them, verify."""

__version__ = "0.1.0"
