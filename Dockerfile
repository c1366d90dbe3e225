# One image for both roles: `docker run oc serve --role provider`. docs/IMAGE.md tells
# how it is built, verified and run.
#
# The bases are pinned by tag. Their digests change with every security fix of Debian;
# a release resolves them, hands them in (RUST_IMAGE=name:tag@sha256:…) and writes the
# one of the runtime into the labels.
ARG RUST_IMAGE=docker.io/library/rust:1.95.0-slim-trixie
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian13:nonroot

# What is needed to build. Every stage runs on the platform that the image is for, so
# no step depends on it.
FROM ${RUST_IMAGE} AS tools
# Debian keeps only the newest version of a package, so none can be named here.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends libssl-dev pkg-config && \
    rm -rf /var/lib/apt/lists/*
# Lists the crates inside the program, where scanners of images look for them.
RUN --mount=type=cache,id=oc-cargo-registry,target=/usr/local/cargo/registry \
    cargo install --locked --root /usr/local cargo-auditable@0.7.7
WORKDIR /build
# Some build scripts write the time into what they make. A fixed one, because that of
# the commit would build every dependency anew with every commit.
ENV SOURCE_DATE_EPOCH=1 \
    CARGO_TERM_COLOR=never

# The dependencies, in a layer of their own: it changes with Cargo.lock and FEATURES
# alone. The folder `target` is part of it and no cache mount, so that it also works
# where layers are cached but mounts are not (CI), and so that nothing of an earlier
# build can get into a release.
FROM tools AS build
ARG FEATURES=provider,client,pg-tls
COPY Cargo.toml Cargo.lock ./
RUN --mount=type=cache,id=oc-cargo-registry,target=/usr/local/cargo/registry \
    mkdir -p src benches/load proof && \
    touch src/lib.rs && \
    echo 'fn main() {}' > src/main.rs && \
    cp src/main.rs benches/load/ && \
    cp src/main.rs proof/ && \
    cargo auditable build --release --locked --no-default-features --features "$FEATURES" && \
    cargo clean --release --package oc && \
    rm -r src
COPY build.rs ./
COPY assets assets
COPY examples examples
COPY migrations_client migrations_client
COPY migrations_provider migrations_provider
COPY templates templates
COPY src src
ARG OC_REVISION
RUN --mount=type=cache,id=oc-cargo-registry,target=/usr/local/cargo/registry \
    cargo auditable build --release --locked --no-default-features --features "$FEATURES" && \
    install -D target/release/oc /out/oc

# glibc, OpenSSL, libgcc, CA certificates and time zones; no shell, no package manager.
FROM ${RUNTIME_IMAGE}
COPY LICENSE /usr/share/doc/oc/LICENSE
COPY --from=build /out/oc /usr/local/bin/oc
ARG OC_VERSION
ARG OC_REVISION
ARG OC_SOURCE
ARG RUNTIME_IMAGE
LABEL org.opencontainers.image.title="oc" \
      org.opencontainers.image.description="Self-hosted back end with which a care provider hands documents to its clients" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${OC_SOURCE}" \
      org.opencontainers.image.version="${OC_VERSION}" \
      org.opencontainers.image.revision="${OC_REVISION}" \
      org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
# Reachable from outside the container, at one port whatever the role, so that the
# check below asks at the right one. With AUTH=none a role refuses this address.
ENV HOST=0.0.0.0 \
    PORT=8080
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["oc", "healthcheck"]
ENTRYPOINT ["oc"]
CMD ["--help"]
