# syntax=docker/dockerfile:1
# One image a program, from one build: targets consumer, query-api and replay.
#   docker build --target consumer --tag ordertally-consumer .

FROM rust:1.95.0-bookworm AS builder
WORKDIR /src
COPY . .
# librdkafka is built from its crate and linked to the system's OpenSSL and zlib, which the base
# image has with their headers. The caches outlive the layer, so a second build is incremental.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked \
        --package ordertally-consumer --package ordertally-query-api --package ordertally-replay \
    && mkdir /programs \
    && cp target/release/ordertally-consumer target/release/ordertally-query-api \
        target/release/ordertally-replay /programs/

FROM debian:bookworm-slim AS runtime
# Unpinned on purpose: a rebuild takes the release's security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 libzstd1 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin ordertally
USER 10001:10001
WORKDIR /

FROM runtime AS consumer
COPY --from=builder /programs/ordertally-consumer /usr/local/bin/
ENV METRICS_ADDR=0.0.0.0:9101
EXPOSE 9101
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["ordertally-consumer", "healthcheck"]
ENTRYPOINT ["ordertally-consumer"]

FROM runtime AS query-api
COPY --from=builder /programs/ordertally-query-api /usr/local/bin/
ENV HTTP_ADDR=0.0.0.0:8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["ordertally-query-api", "healthcheck"]
ENTRYPOINT ["ordertally-query-api"]

FROM runtime AS replay
COPY --from=builder /programs/ordertally-replay /usr/local/bin/
COPY testdata/orders* /testdata/
ENTRYPOINT ["ordertally-replay"]
