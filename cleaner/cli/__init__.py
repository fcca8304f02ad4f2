"""The command line; the only package that prints or exits."""

from cleaner.cli.commands import main

__all__ = ["main"]
