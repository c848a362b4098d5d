"""The supplier: ``python -m examples.shop.supplier TEA 4.90`` sends the shop a message."""

from __future__ import annotations

import base64
import hmac
import json
import sys
import time
import uuid
from urllib.request import Request, urlopen

from .hooks import SECRET


def signed(body: bytes, message_id: str, seconds: int) -> dict[str, str]:
    """Return the headers of Standard Webhooks for a message that is sent at a time, in Unix seconds."""
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signature = hmac.digest(key, b"%s.%d.%s" % (message_id.encode(), seconds, body), "sha256")
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }


def price_changed(sku: str, price: str) -> bytes:
    return json.dumps({"type": "price.changed", "data": {"sku": sku, "price": price}}).encode()


def main(sku: str, price: str, address: str = "http://127.0.0.1:5000") -> None:
    body = price_changed(sku, price)
    headers = signed(body, f"msg_{uuid.uuid4().hex}", int(time.time()))
    with urlopen(Request(f"{address}/hooks/supplier", body, headers)) as answer:  # noqa: S310 (the user's own address)
        print(answer.status, answer.reason)


if __name__ == "__main__":
    main(*sys.argv[1:])
