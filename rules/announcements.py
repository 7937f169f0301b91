"""Who may speak to whom at once, and how long."""

from __future__ import annotations

SENDERS = ("supervisor", "office", "administrator")
EVERYWHERE = ("office", "administrator")  # to all departments; a supervisor to the own one, in the own area and below
AUDIENCES = ("inspector", "supervisor", "liaison", "expert", "")  # the roles that can be spoken to; empty: everybody
LONGEST = 1500  # characters
DRAFT, SENT, STOPPED = "draft", "sent", "stopped"
