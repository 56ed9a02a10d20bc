# The images of the gateway (default target) and of the simulator (--target webex-sim): one static binary and the
# certificate authorities, nothing else. Kept to what the classic builder and BuildKit both understand.
#
#     docker build -t webex-gateway .
#     docker build -t webex-sim --target webex-sim .

# Any image with cargo, a C compiler and CA certificates will do, for instance one from a registry of your own.
ARG RUST_IMAGE=rust:1.95-bookworm


# Dependencies are compiled from the manifests alone, against empty crates, so that this layer lasts until a manifest
# or the lock file changes.
FROM ${RUST_IMAGE} AS dependencies
LABEL webex-gw.stage=build
WORKDIR /src
# Only a static binary runs in an empty image. The target is named in every build, although it is the host's own,
# because otherwise the flag would reach build scripts and procedural macros, which cannot be static.
ENV RUSTFLAGS="-C target-feature=+crt-static"
COPY Cargo.toml Cargo.lock ./
COPY gateway/Cargo.toml gateway/
COPY webex-sim/Cargo.toml webex-sim/
COPY e2e/Cargo.toml e2e/
COPY bench/Cargo.toml bench/
RUN mkdir gateway/src gateway/benches webex-sim/src webex-sim/benches e2e/src bench/src \
    && touch gateway/src/lib.rs webex-sim/src/lib.rs e2e/src/lib.rs \
    && touch gateway/benches/expiry.rs gateway/benches/kill.rs gateway/benches/memory.rs gateway/benches/micro.rs gateway/benches/outage.rs gateway/benches/rejected.rs gateway/benches/storm.rs \
    && touch webex-sim/benches/coverage.rs webex-sim/benches/throughput.rs webex-sim/benches/worlds.rs \
    && echo 'fn main() {}' | tee gateway/src/main.rs webex-sim/src/main.rs > bench/src/main.rs
# One build per package: built together, each would get the features that the other asks for. The empty crates go
# again, because they are newer than the files of a checkout and cargo would take them for these. The folder is for the
# gateway's image, which cannot make any.
RUN cargo build --locked --release --target host-tuple --package webex-gateway --bin webex_gw \
    && cargo build --locked --release --target host-tuple --package webex-sim --bin webex-sim \
    && cargo clean --locked --release --target host-tuple --package webex-gateway --package webex-sim \
    && mkdir -p /out/tokens


FROM dependencies AS webex-sim-build
COPY fixtures fixtures
COPY webex-sim webex-sim
RUN cargo build --locked --release --target host-tuple --package webex-sim --bin webex-sim \
    && cp target/*/release/webex-sim /out/


FROM scratch AS webex-sim
LABEL org.opencontainers.image.title="webex-sim" \
      org.opencontainers.image.description="A fake Webex to develop and test against, without credentials." \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=webex-sim-build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=webex-sim-build /out/webex-sim /webex-sim
# No name exists in an empty image; 65532 is the "nonroot" of the images that have one.
USER 65532:65532
# Inside a container loopback reaches nobody.
ENV WEBEX_SIM_BIND=0.0.0.0
# API, API over TLS, control.
EXPOSE 8080 8443 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s --retries=3 CMD ["/webex-sim", "health"]
ENTRYPOINT ["/webex-sim"]
CMD ["serve"]


FROM dependencies AS gateway-build
COPY gateway gateway
RUN cargo build --locked --release --target host-tuple --package webex-gateway --bin webex_gw \
    && cp target/*/release/webex_gw /out/


FROM scratch AS gateway
LABEL org.opencontainers.image.title="webex-gateway" \
      org.opencontainers.image.description="Holds the OAuth tokens of one Webex Integration and adds them to every call." \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=gateway-build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# A named volume takes the owner of the folder that it covers.
COPY --from=gateway-build --chown=65532:65532 /out/tokens /opt/tokens
# The path that existing compose files call.
COPY --from=gateway-build /out/webex_gw /usr/local/go/webex_gw
# Existing installations mount a folder of the host that belongs to root. The program starts as root, hands the tokens
# over to this user, and becomes it before it opens a port. `user: "65532:65532"` in a compose file does without root.
ENV WEBEX_GW_RUN_AS=65532:65532
# Where `-tokensFile` is not given, `.tokens` is in the volume.
WORKDIR /opt/tokens
EXPOSE 9001
# Alive, not authorised: a gateway that waits for its administrator is not a broken container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=2s --retries=3 CMD ["/usr/local/go/webex_gw", "health", "live"]
# Existing compose files give the whole command line, the program included: no ENTRYPOINT.
CMD ["/usr/local/go/webex_gw"]
