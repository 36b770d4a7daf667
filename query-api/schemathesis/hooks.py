"""What schemathesis.toml cannot say by itself."""

import schemathesis

# Percent-encoded a character has twelve at most: 5,000 of them stay below the 65,535 bytes of an
# address that the HTTP library reads. Above, it answers 414 by itself, without a body, before the
# service sees a request. From 8,192 bytes to there the service answers, which is tried.
CHARS_MAX = 5_000


@schemathesis.hook
def filter_case(context, case):
    values = list((case.query or {}).values()) + list((case.path_parameters or {}).values())
    return sum(len(str(value)) for value in values) <= CHARS_MAX


@schemathesis.hook
def map_case(context, case):
    """Leaves out what would have most valid requests refused, so that answers are tried as well."""
    query = case.query
    if query and case.meta is not None and case.meta.generation.mode.is_positive:
        # A period stands in the stead of days, not beside them.
        if "start_date" in query or "end_date" in query:
            query.pop("period", None)
        # No text at random is the cursor of a query. Those of answers are tried in sequences.
        query.pop("cursor", None)
    return case
