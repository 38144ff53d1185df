# The operators' commands: migrations of every service, topics, dead letters, ledger, `octavia job trace`.
FROM common-build AS build
COPY cli cli
COPY services services
# Only what their migrations, settings and commands need: the services' own packages, no engine's.
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common ./libs/subtitles ./cli \
    ./services/gateway ./services/billing ./services/transcriber ./services/translator ./services/synthesizer \
    ./services/assembler ./services/videogen

FROM common-runtime
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia"]
