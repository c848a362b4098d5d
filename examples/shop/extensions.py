"""The extensions: made here, given their app in ``create_app``."""

from __future__ import annotations

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase

from flask_serveractions import ServerActions


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)
server = ServerActions()
