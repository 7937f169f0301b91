"""Who may sit where: the numbers that bind every draw of inspectors (R3.2.2a)."""

from __future__ import annotations

CAP = 30  # visits that an inspector may hold at once
RESERVES = 3  # replacements that a stratum names
YEARS_APART = 2  # an inspector does not meet the same subject again within these
AT_LEAST = 2  # inspectors with a valid certificate, per department
