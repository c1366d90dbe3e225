"""What `make fuzz-api` adds to the checks of Schemathesis: why a valid request was refused."""

import schemathesis
from schemathesis.generation import GenerationMode

import stage  # noqa: F401, registers itself

# Rules about the state of things: which error goes with which status.
STATE = {
    400: {"INVALID_DOCUMENT_STATE", "INVALID_MESSAGE_STATE"},
    409: {"CONFLICT", "DOCUMENT_ON_ITS_WAY", "IDEMPOTENCY_IN_PROGRESS"},
    410: {"DOCUMENT_REVOKED", "DOCUMENT_GONE", "ACCESS_CODE_EXPIRED", "ACCESS_CODE_REVOKED"},
    412: {"PRECONDITION_FAILED"},
    422: {"IDEMPOTENCY_KEY_REUSED"},
}

# Rules of single fields that a schema can't tell: (operation, field, rule), where
# `*` is any. Whatever else is broken in a valid request is a finding.
FIELDS = {
    # U+0000 stands nowhere, however deep: PostgreSQL can't store it.
    ("*", "*", "characters"),
    # White space around a text is cut off before it is measured.
    ("*", "*", "minLength"),
    ("*", "reservedCode", "format"),
    ("*", "reservedLink", "format"),
    # Of free-form objects, the bytes of their JSON and the depth are bounded.
    ("*", "metadata", "maxLength"),
    ("*", "metadata", "maxDepth"),
    # Forms of addresses are looser and stricter than any pattern would be.
    ("*", "recipient.email", "format"),
    # What is white space only is no session.
    ("open_with_code", "session", "required"),
    # A second factor needs an address that it can be sent to.
    ("*", "recipient.email", "required"),
    ("*", "recipient.phone", "required"),
    # At most 90 days from now.
    ("*", "expiresAt", "maximum"),
    # The id of the path and the id of the body are the same.
    ("replace_document", "id", "format"),
    # How well a colour can be read, whether bytes are a picture, how many lines a text has.
    ("*", "colour", "contrast"),
    ("*", "logo", "format"),
    ("*", "address", "maxLines"),
    # Parts of a URL and where it leads: not into private networks.
    ("create_webhook", "url", "format"),
    ("update_webhook", "url", "format"),
}


def is_allowed(operation, broken):
    """Whether a schema can't tell this rule."""
    field, rule = broken["field"], broken["rule"]
    return any(
        wanted_operation in ("*", operation) and wanted_field in ("*", field) and wanted_rule == rule
        for wanted_operation, wanted_field, wanted_rule in FIELDS
    )


@schemathesis.hook
def filter_case(context, case):
    """Leaves out empty parameters (`?cursor=`): they count as absent, which a schema can't tell.

    Objects and lists are written as empty ones or as other parameters.
    """
    return all(value != "" and not isinstance(value, (dict, list)) for value in (case.query or {}).values())


@schemathesis.check
def valid_requests_are_refused_for_a_reason(ctx, response, case):
    """A request that the description allows is done, or refused for what it can't tell."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    status = response.status_code
    # Who asks, whether it is there, and overload are checked by other checks.
    if status < 400 or status in (401, 403, 404, 429) or status >= 500:
        return
    error = response.json()
    if error["error"] in STATE.get(status, ()):
        return
    operation = case.operation.definition.raw["operationId"]
    broken = [one for one in error.get("details", {}).get("fields", []) if not is_allowed(operation, one)]
    if error["error"] == "VALIDATION_FAILED" and not broken:
        return
    raise AssertionError(f"A valid request was refused: {status} {error['error']} {broken}")
