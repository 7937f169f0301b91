"""The process: settings, command line, updates in and notices out, start and stop."""

import os

os.environ.setdefault("PTB_TIMEDELTA", "true")  # spans of time as timedelta, read by python-telegram-bot
