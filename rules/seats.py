"""Who may sit where: the numbers that bind every draw of inspectors (R3.2.2a)."""

from __future__ import annotations

CAP = 30  # visits that an inspector may hold at once
RESERVES = 3  # replacements that a stratum names
YEARS_APART = 2  # an inspector does not meet the same subject again within these
AT_LEAST = 2  # inspectors with a valid certificate, per department

RECUSALS = ("recusal", "subject")  # why somebody left that bind later draws: recused, or the subject asked for it
BY_THEMSELVES = ("recusal", "leave", "decline")
BY_THE_CLOCK = ("certificate", "inactive")  # the certificate ran out; left, or on leave
REASONS = (*BY_THEMSELVES, "subject", *BY_THE_CLOCK)  # why a seat fell vacant, in the public record
