"""The catalogue for other programs: everybody may read it."""

from __future__ import annotations

from typing import Annotated, Any

from marshmallow import Schema, fields

from flask_serveractions import MethodRoute, public

from .catalogue import catalogue
from .extensions import server


class ProductSchema(Schema):
    sku = fields.String()
    name = fields.String()
    note = fields.String()
    price = fields.Integer(metadata={"description": "in cents"})


@server.route("/api/products")
@public
class Products(MethodRoute):
    def get(self) -> list[Annotated[dict[str, Any], ProductSchema()]]:
        """List what is for sale."""
        return catalogue()
