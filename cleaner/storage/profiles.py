"""Credentials and settings of a user from the files that the AWS command line keeps.

Keys in the environment and the roles of machines and containers are the client's own business.
What stands here is asked again before it runs out, so that keys that are renewed are followed.
"""

import configparser
import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cleaner.errors import InputError, StorageError

_AGAIN = timedelta(minutes=10)  # after which keys that name no end are looked at again
_PATIENCE = 60  # seconds that a command may take to give credentials
# Any of these says where credentials come from, so that the files are not asked.
_ELSEWHERE = (
    "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip
_UNREAD = ("sso_session", "sso_start_url", "role_arn", "login_session")

Provider = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Profile:
    """What the files say under one name."""

    name: str
    said: Mapping[str, str]

    def setting(self, name: str) -> str:
        """Return a setting, or `` where none is made; those of `s3` stand on lines of their own."""
        if name in self.said:
            return self.said[name]
        lines = (line.partition("=") for line in self.said.get("s3", "").splitlines())
        return {key.strip(): value.strip() for key, _, value in lines}.get(name, "")

    def provider(self) -> Provider | None:
        """Return what gives the credentials of this profile; None where it has none to give."""
        if any(os.environ.get(name) for name in _ELSEWHERE):
            return None
        if "aws_access_key_id" in self.said:
            return lambda: _keys(profile())
        if "credential_process" in self.said:
            return lambda: _of_command(self.name, self.said["credential_process"])
        if named := [name for name in _UNREAD if name in self.said]:
            ask = f"aws configure export-credentials --profile {shlex.quote(self.name)}"
            raise InputError(
                f"profile {self.name} of AWS gets its credentials by {named[0]}, which is not read "
                "here; give the profile NAME of this line by AWS_PROFILE=NAME: "
                f"credential_process = {ask} --format process"
            )
        return None


def profile() -> Profile:
    """Return the profile that AWS_PROFILE names, or `default`, as the files say it now."""
    name = os.environ.get("AWS_PROFILE") or "default"
    found: dict[str, dict[str, str]] = {}
    for variable, place in (
        ("AWS_CONFIG_FILE", "~/.aws/config"),
        ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ):
        path = Path(os.environ.get(variable) or place).expanduser()
        for section, said in _sections(path).items():
            found.setdefault(section.removeprefix("profile ").strip(), {}).update(said)
    if name not in found and os.environ.get("AWS_PROFILE"):
        there = ", ".join(sorted(found)) or "none"
        raise InputError(f"AWS_PROFILE={name}: there is no such profile; available: {there}")
    return Profile(name, found.get(name, {}))


def _sections(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(default_section="\0", strict=False)
    try:
        parser.read_string(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, RuntimeError):
        return {}
    except (OSError, UnicodeError, configparser.Error) as error:
        raise InputError(f"{path}: cannot be read: {type(error).__name__}") from None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def _keys(found: Profile) -> dict[str, Any]:
    try:
        return {
            "access_key_id": found.said["aws_access_key_id"],
            "secret_access_key": found.said["aws_secret_access_key"],
            "token": found.said.get("aws_session_token") or None,
            "expires_at": datetime.now(UTC) + _AGAIN,
        }
    except KeyError as error:
        raise InputError(f"profile {found.name} of AWS has no {error.args[0]}") from None


def _of_command(name: str, command: str) -> dict[str, Any]:
    """Return the credentials that a command prints as JSON."""
    where = f"credential_process of profile {name}"
    try:
        done = subprocess.run(
            shlex.split(command), capture_output=True, check=True, timeout=_PATIENCE
        )
        said = json.loads(done.stdout)
        ends = said.get("Expiration")
        return {
            "access_key_id": said["AccessKeyId"],
            "secret_access_key": said["SecretAccessKey"],
            "token": said.get("SessionToken"),
            "expires_at": datetime.fromisoformat(ends) if ends else datetime.now(UTC) + _AGAIN,
        }
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode("utf-8", "replace").strip().splitlines() or ["no word"]
        raise StorageError(f"{where}: ended with {error.returncode}: {lines[-1]}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StorageError(f"{where}: cannot be run: {error}") from None
    except (AttributeError, KeyError, TypeError, ValueError):  # the output holds secrets
        raise StorageError(f"{where}: what it printed are no credentials") from None
