# The synthesizer with its offline engine, espeak-ng.
FROM common-build AS build
COPY services/synthesizer services/synthesizer
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common "./services/synthesizer"

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends espeak-ng ffmpeg \
    && rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia-synthesizer"]
