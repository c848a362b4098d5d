"""``flask actions``, whose commands are imported when the command line asks for them: a server never does."""

from __future__ import annotations

import click
from flask.cli import AppGroup

GROUP_HELP = """Show, check and sign the actions and resources of this app.

\b
Exit codes of each command:
  0  all is well
  1  something was found, or the app can't do it as it is
  2  the command line is wrong

\b
Example:
  flask --app yourapp actions audit
"""


class ActionsGroup(AppGroup):
    """The commands of :mod:`.cli`; imported with the group, they would make every app start 5 ms later."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from .cli import COMMANDS

        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from .cli import COMMANDS

        return COMMANDS.get(cmd_name)


actions_cli = ActionsGroup("actions", help=GROUP_HELP)
