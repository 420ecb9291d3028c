"""What the tests of the application share: a registry with two nights, users, and a browser."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lives_registry import Stays

from cytoreg.project.load import Project
from cytoreg.steward.accounts import ROLES, add
from cytoreg.steward.app import application
from cytoreg.steward.desk import Desks
from cytoreg.steward.worklist import Finding

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it wants httpx2 instead of httpx
    from starlette.testclient import TestClient

PASSWORD = "correct horse battery"
SCRIPT, FORMULA = "<script>alert(1)</script>", "=HYPERLINK(0)"
FIRST = [("N1", "-1", "north"), ("N2", "2", SCRIPT), ("N3", "2", FORMULA), ("N4", "-4", "south")]
SECOND = [("N1", "-1", "north"), ("N2", "2", SCRIPT), ("N3", "2", FORMULA), ("N5", "-5", "west")]


def two_nights(root: Path) -> None:
    """N4 vanishes in the second night, N5 is new; N2 and N3 hold what must stay text."""
    stays = Stays.begin(root)
    stays.night(*FIRST)
    stays.night(*SECOND)
    for role in ROLES:
        add(stays.project, f"a-{role}", role, PASSWORD)


@dataclass
class Browser:
    """A client of the application, which keeps cookies and sends the forms of its pages."""

    project: Project
    url: str = ""
    client: TestClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = TestClient(
            application(self.project, self.url),
            base_url=self.url or "http://localhost",
            follow_redirects=False,
            raise_server_exceptions=True,
        )

    def sign_in(self, role: str, password: str = PASSWORD, after: str = "/") -> int:
        """Sign in as the user with this role; returns the status."""
        token = self.token("/sign-in")
        form = {"name": f"a-{role}", "password": password, "next": after, "csrf": token}
        return self.client.post("/sign-in", data=form).status_code

    def token(self, page: str = "/findings") -> str:
        """The token of a page's forms."""
        found = re.search('name="csrf" value="([0-9a-f]{64})"', self.client.get(page).text)
        assert found, page
        return found[1]

    def send(self, path: str, form: Mapping[str, str]) -> tuple[int, str]:
        """Send a form with its token: the status, and the text or where it leads to."""
        answer = self.client.post(path, data={"csrf": self.token()} | form)
        return answer.status_code, answer.headers.get("location", answer.text)


def findings(project: Project, *, private: bool = True) -> list[Finding]:
    """All findings of the published run, gone ones too."""
    from cytoreg.steward.worklist import Wanted, page

    return page(Desks(project).of(None, private=private), Wanted(state="all")).findings
