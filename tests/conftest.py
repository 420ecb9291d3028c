"""What all tests share: a key of pseudonyms, without which nothing is published."""

from __future__ import annotations

import os

os.environ.setdefault("CYTOREG_PSEUDONYM_KEY", "7d1f0c93a5e84b26f3607c1e9a2bd8548c0e6f71b23d94a5")
