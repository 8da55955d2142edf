# Lakewright as one image: every service, `lakewright setup` and the client commands. Build it from here:
#
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/lakewright:0.1.0 --push .
#
# NODE_IMAGE is a Node.js 24 on Debian (glibc); REVISION is the commit, for the label. See docs/aws/building.md.
ARG NODE_IMAGE=public.ecr.aws/docker/library/node:24-slim

# Runs on the machine that builds, whatever the image is for: nothing is emulated, since nothing is compiled.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
ARG TARGETARCH
WORKDIR /app
COPY package.json package-lock.json LICENSE ./
COPY packages ./packages
COPY packages/infra/grafana ./grafana
COPY generated-templates ./generated-templates
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
    --os=linux --libc=glibc --cpu="$(echo "$TARGETARCH" | sed s/amd64/x64/)"
# npm passes over an optional package that it cannot get; DuckDB's library is one, and nothing runs without it.
RUN test -s "node_modules/@duckdb/node-bindings-linux-$(echo "$TARGETARCH" | sed s/amd64/x64/)/duckdb.node"
RUN mkdir bin /scratch && ln -s ../packages/cli/bin/lakewright.js bin/lakewright

FROM ${NODE_IMAGE}
ARG REVISION=
LABEL org.opencontainers.image.title="lakewright" \
      org.opencontainers.image.description="Data lakes over OpenTelemetry: services, setup and commands" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${REVISION}"
# All that anything here writes goes to /scratch: the rest may be mounted read-only. The cache of compiled code
# halves what each run of the health command costs.
ENV NODE_ENV=production \
    PATH=/app/bin:$PATH \
    LAKEWRIGHT_SCRATCH=/scratch \
    TMPDIR=/scratch \
    HOME=/scratch \
    NODE_COMPILE_CACHE=/scratch/.compile-cache
WORKDIR /app
COPY --from=build /app /app
COPY --from=build --chown=1000:1000 /scratch /scratch
USER 1000:1000
VOLUME /scratch
EXPOSE 4317 4318 7101 8081 8090
# No shell and no launcher before it: node is the process that gets SIGTERM.
ENTRYPOINT []
CMD ["lakewright", "--help"]
