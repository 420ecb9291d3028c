"""Add a source to a project: its section of cytoreg.toml, and staging models to start from.

Each kind drafts a declaration of everything that it finds; unwanted parts are left out here.
Nothing is written unless the whole project loads with it, and no value of a record is written.
"""

from cytoreg.connect.at_hand import at_hand
from cytoreg.connect.doubt import Doubt
from cytoreg.connect.draft import guess, offered, renamed
from cytoreg.connect.told import Told
from cytoreg.connect.write import Added, add

__all__ = ["Added", "Doubt", "Told", "add", "at_hand", "guess", "offered", "renamed"]
