"""The rooms of the package and their modules, the highest first: each imports from what stands below it alone."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "flask_serveractions"

#: (room, its modules); ``""`` is the top of the package
ROOMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("__init__", "extension", "commands", "cli", "testing")),
    (
        "openapi",
        (
            "typescript",
            "identifiers",
            "page",
            "builder",
            "responses",
            "returned",
            "arguments",
            "parameters",
            "schemas",
            "values",
            "partial",
            "plain_types",
            "descriptions",
            "controls",
        ),
    ),
    ("", ("startup",)),
    (
        "views",
        (
            "discovery",
            "decorators_above",
            "blueprints",
            "csrf_protect",
            "early_forms",
            "webhooks",
            "resources",
            "actions",
            "own_views",
            "functions",
        ),
    ),
    (
        "pipeline",
        ("dispatch", "protection", "delivery", "job_answers", "enqueue", "background", "execution", "idempotency"),
    ),
    (
        "answers",
        (
            "representation",
            "listing",
            "render",
            "pagination",
            "failures",
            "error_handlers",
            "submissions",
            "selects",
            "jobs",
            "responses",
            "outcome",
        ),
    ),
    (
        "pages",
        (
            "middleware",
            "templates",
            "flask_form_state",
            "controls",
            "wtf_inputs",
            "page_urls",
            "foreign_forms",
            "second_pass",
            "page_sessions",
            "form_pages",
            "streamed_pages",
            "referrer_policy",
            "html_forms",
            "form_state",
            "elements",
            "handwritten",
            "inputs",
            "native_inputs",
        ),
    ),
    ("", ("call",)),
    ("arguments", ("encoding", "loading", "bodies")),
    ("", ("webhooks",)),
    ("security", ("visitors", "webhook_signatures", "signing", "rate_limits", "origin", "access")),
    (
        "schemas",
        (
            "signature",
            "results",
            "flask_forms",
            "types",
            "load",
            "error_names",
            "form_data",
            "schema_cycles",
            "fields",
            "dump",
            "annotations",
        ),
    ),
    ("", ("marks", "held", "app_state", "identities")),
    (
        "shared",
        ("jobs", "job_lists", "caching", "cache_keys", "revalidation", "url_rules", "queues", "progress", "once"),
    ),
    ("stores", ("leases", "store", "sqlite", "redis", "private_files")),
    ("http", ("typed_json", "negotiation", "messages", "locations", "action_argument", "cookies", "conditional")),
    ("", ("scope", "signals", "errors", "config", "operation")),
)
