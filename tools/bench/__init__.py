"""Measure what was promised about speed and size: `make bench`, after `make book`."""
