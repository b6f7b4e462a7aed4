#!/usr/bin/env python
"""Django's commands, with the settings of CLOUDTUNER_MODE."""

from __future__ import annotations

import sys

from cloudtuner.boot import choose_settings


def main() -> None:
    """Runs the command of the command line."""
    choose_settings()
    from django.core.management import execute_from_command_line  # after the settings are chosen

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
