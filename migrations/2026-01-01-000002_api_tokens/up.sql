-- Who may ask the query service, and for what.

CREATE TABLE api_tokens (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes text[] NOT NULL CHECK (
        cardinality(scopes) > 0
        AND scopes <@ ARRAY['analytics', 'orders', 'rejected-events', 'metrics']
    ),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
COMMENT ON TABLE api_tokens IS 'Bearer tokens of the query service. A token itself is shown once, when it is made, and kept nowhere.';
COMMENT ON COLUMN api_tokens.id IS 'Identity, by which a token is revoked.';
COMMENT ON COLUMN api_tokens.name IS 'What its maker calls it: who uses it, for what.';
COMMENT ON COLUMN api_tokens.hash IS 'BLAKE3 of the token. A token has 256 random bits, so that nothing slower is needed.';
COMMENT ON COLUMN api_tokens.scopes IS 'What it may read: analytics, orders (with personal data), rejected-events, metrics.';
COMMENT ON COLUMN api_tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN api_tokens.expires_at IS 'From when on it is refused; null where it does not end by itself.';
COMMENT ON COLUMN api_tokens.revoked_at IS 'When it was revoked; null while it is not.';
COMMENT ON COLUMN api_tokens.last_used_at IS 'When it was used last, to the minute; null where it never was.';
