# The translator: Apertium's language pairs, and the client of vLLM.
FROM common-build AS build
COPY services/translator services/translator
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common "./services/translator"

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends apertium apertium-eng-spa apertium-eng-cat apertium-en-gl apertium-fr-es apertium-es-pt \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia-translator"]
