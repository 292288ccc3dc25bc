"""The kinds of things that the guide asks for: how each is read and how it is changed. One file per kind."""
