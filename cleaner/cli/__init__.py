"""The command line; the only package that prints or exits."""

from cleaner.cli.command_line import main

__all__ = ["main"]
