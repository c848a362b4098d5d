"""Verifiers of well-known senders' webhooks, for ``@actions.webhook(rule, verifier)``."""

from __future__ import annotations

from .errors import SignatureError as SignatureError
from .security.webhook_signatures import github as github
from .security.webhook_signatures import shopify as shopify
from .security.webhook_signatures import slack as slack
from .security.webhook_signatures import standard as standard
from .security.webhook_signatures import stripe as stripe
