"""The Metadata API over SOAP: reading a request, the components and their rules, writing the answer."""
