"""Who calls: passwords, sessions, OAuth, SOAP login, and the LoginHistory that they leave."""
